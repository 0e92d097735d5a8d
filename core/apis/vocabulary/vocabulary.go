// SPDX-License-Identifier: Apache-2.0

package vocabulary

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ErrAliasOfAlias says that a name stands for one that stands for a third.
var ErrAliasOfAlias = errors.New("an alias must stand for a canonical name")

// Vocabulary answers questions about label keys, label values, resource names and
// the volumes that a provider supports.
// It is immutable and safe for concurrent use.
type Vocabulary struct {
	wellKnownLabels    map[string]bool
	wellKnownResources map[corev1.ResourceName]bool
	wellKnownValues    map[string][]string
	restrictedDomains  map[string]bool
	restrictedLabels   map[string]bool
	keyAliases         map[string]string
	valueAliases       map[string]map[string]string
	offeringLabels     map[string]bool
	reservedLabels     map[string]bool
	reservationIDLabel string

	unsupportedTopologyKeys map[string]bool
	unsupportedProvisioners map[string]bool
}

// New returns the core's vocabulary with what a provider adds to it. It fails with
// ErrAliasOfAlias when an alias does not stand for a canonical name.
func New(provider Additions) (*Vocabulary, error) {
	content := merge(coreContent(), provider)
	if err := content.check(); err != nil {
		return nil, fmt.Errorf("building the label vocabulary: %w", err)
	}
	return build(content), nil
}

// Core returns the vocabulary of a provider that adds nothing.
func Core() *Vocabulary {
	return build(coreContent())
}

func build(content Additions) *Vocabulary {
	for key, values := range content.WellKnownValues {
		content.WellKnownValues[key] = slices.Compact(slices.Sorted(slices.Values(values)))
	}
	return &Vocabulary{
		wellKnownLabels:    setOf(content.WellKnownLabels),
		wellKnownResources: setOf(content.WellKnownResources),
		wellKnownValues:    content.WellKnownValues,
		restrictedDomains:  setOf(content.RestrictedDomains),
		restrictedLabels:   setOf(content.RestrictedLabels),
		keyAliases:         content.KeyAliases,
		valueAliases:       content.ValueAliases,
		offeringLabels:     setOf(content.OfferingLabels),
		reservedLabels:     setOf(content.ReservedCapacityLabels),
		reservationIDLabel: content.ReservationIDLabel,

		unsupportedTopologyKeys: setOf(content.UnsupportedTopologyKeys),
		unsupportedProvisioners: setOf(content.UnsupportedProvisioners),
	}
}

// IsWellKnown tells whether instance types and offerings are described by a key.
func (v *Vocabulary) IsWellKnown(key string) bool { return v.wellKnownLabels[key] }

// WellKnownLabels returns the well-known keys, sorted.
func (v *Vocabulary) WellKnownLabels() []string { return sorted(v.wellKnownLabels) }

// IsRestricted tells whether users may neither set nor ask for a canonical key:
// it is not well-known, and either restricted itself or in a restricted domain or
// one of its subdomains. A key without a domain is in none (API-073).
func (v *Vocabulary) IsRestricted(key string) bool {
	if v.wellKnownLabels[key] {
		return false
	}
	return v.restrictedLabels[key] || v.inRestrictedDomain(key)
}

func (v *Vocabulary) inRestrictedDomain(key string) bool {
	domain, _, found := strings.Cut(key, "/")
	for found {
		if v.restrictedDomains[domain] {
			return true
		}
		_, domain, found = strings.Cut(domain, ".")
	}
	return false
}

// NormalizeKey returns the canonical key that a key stands for, which is the key
// itself unless it is an alias.
func (v *Vocabulary) NormalizeKey(key string) string {
	if canonical, found := v.keyAliases[key]; found {
		return canonical
	}
	return key
}

// Normalize returns the canonical key and value that a label stands for.
func (v *Vocabulary) Normalize(key, value string) (string, string) {
	key = v.NormalizeKey(key)
	if canonical, found := v.valueAliases[key][value]; found {
		return key, canonical
	}
	return key, value
}

// WellKnownValues returns, sorted, all the values that operator In may name for a
// canonical key, and false when any value will do.
func (v *Vocabulary) WellKnownValues(key string) ([]string, bool) {
	values, found := v.wellKnownValues[key]
	return slices.Clone(values), found
}

// IsWellKnownResource tells whether instance types may report a resource.
func (v *Vocabulary) IsWellKnownResource(name corev1.ResourceName) bool {
	return v.wellKnownResources[name]
}

// WellKnownResources returns the resources that instance types report, sorted.
func (v *Vocabulary) WellKnownResources() []corev1.ResourceName {
	return sorted(v.wellKnownResources)
}

// IsOfferingLabel tells whether the offerings of one instance type may differ in
// a key.
func (v *Vocabulary) IsOfferingLabel(key string) bool { return v.offeringLabels[key] }

// OfferingLabels returns the keys that offerings may differ in, sorted.
func (v *Vocabulary) OfferingLabels() []string { return sorted(v.offeringLabels) }

// ReservationIDLabel returns the key that names a capacity reservation, or "" if
// the provider has none.
func (v *Vocabulary) ReservationIDLabel() string { return v.reservationIDLabel }

// IsReservedCapacityLabel tells whether a key means something on reserved
// offerings only.
func (v *Vocabulary) IsReservedCapacityLabel(key string) bool { return v.reservedLabels[key] }

// ReservedCapacityLabels returns the keys that mean something on reserved
// offerings only, sorted.
func (v *Vocabulary) ReservedCapacityLabels() []string { return sorted(v.reservedLabels) }

// IsUnsupportedTopologyKey tells whether the provider cannot serve volumes whose
// StorageClass restricts a canonical key.
func (v *Vocabulary) IsUnsupportedTopologyKey(key string) bool {
	return v.unsupportedTopologyKeys[key]
}

// IsUnsupportedProvisioner tells whether the provider's machines cannot attach
// the volumes of a CSI driver.
func (v *Vocabulary) IsUnsupportedProvisioner(driver string) bool {
	return v.unsupportedProvisioners[driver]
}

func setOf[T comparable](names []T) map[T]bool {
	set := make(map[T]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func sorted[T ~string](set map[T]bool) []T {
	return slices.Sorted(maps.Keys(set))
}
