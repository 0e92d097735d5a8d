// SPDX-License-Identifier: Apache-2.0

package vocabulary

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Additions are what a provider adds to the core's content. Each field may be
// left empty.
type Additions struct {
	// WellKnownLabels are the keys that the provider uses in the requirements of
	// instance types and offerings.
	WellKnownLabels []string
	// WellKnownResources are the resources that the provider's instance types
	// report.
	WellKnownResources []corev1.ResourceName
	// WellKnownValues are, by key, all the values that operator In may name. For
	// a key that the core knows too, they come on top of the core's.
	WellKnownValues map[string][]string
	// RestrictedDomains are domains whose labels, and those of their subdomains,
	// users may neither set nor ask for, unless they are well-known.
	RestrictedDomains []string
	// RestrictedLabels are single labels of that kind.
	RestrictedLabels []string
	// KeyAliases map an older key to the canonical one.
	KeyAliases map[string]string
	// ValueAliases map, by canonical key, an older value to the canonical one.
	ValueAliases map[string]map[string]string
	// OfferingLabels are the keys that may differ between the offerings of one
	// instance type.
	OfferingLabels []string
	// ReservationIDLabel is the key that names a capacity reservation, if the
	// provider has them.
	ReservationIDLabel string
	// ReservedCapacityLabels are the keys that mean something on reserved
	// offerings only. ReservationIDLabel is always among them.
	ReservedCapacityLabels []string
	// UnsupportedTopologyKeys are the keys in the allowed topologies of a
	// StorageClass that the provider cannot serve. They are taken as canonical
	// ones; an alias of one is unsupported too.
	UnsupportedTopologyKeys []string
	// UnsupportedProvisioners are the CSI drivers whose volumes the provider's
	// machines cannot attach.
	UnsupportedProvisioners []string
}

// check returns an error if an alias stands for another alias, since translation
// takes one step only.
func (a Additions) check() error {
	var problems []error
	for _, alias := range slices.Sorted(maps.Keys(a.KeyAliases)) {
		if canonical := a.KeyAliases[alias]; a.KeyAliases[canonical] != "" {
			problems = append(problems, fmt.Errorf("label %s is an alias of %s: %w", alias, canonical, ErrAliasOfAlias))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.ValueAliases)) {
		if canonical := a.KeyAliases[key]; canonical != "" {
			problems = append(problems, fmt.Errorf("values of label %s have aliases, but it stands for %s: %w", key, canonical, ErrAliasOfAlias))
		}
		values := a.ValueAliases[key]
		for _, alias := range slices.Sorted(maps.Keys(values)) {
			if _, chained := values[values[alias]]; chained {
				problems = append(problems, fmt.Errorf("value %q of label %s is an alias of %q: %w", alias, key, values[alias], ErrAliasOfAlias))
			}
		}
	}
	return errors.Join(problems...)
}

// merge joins two contents; the second one's aliases win.
func merge(a, b Additions) Additions {
	return Additions{
		WellKnownLabels:        slices.Concat(a.WellKnownLabels, b.WellKnownLabels),
		WellKnownResources:     slices.Concat(a.WellKnownResources, b.WellKnownResources),
		WellKnownValues:        mergeValues(a.WellKnownValues, b.WellKnownValues),
		RestrictedDomains:      slices.Concat(a.RestrictedDomains, b.RestrictedDomains),
		RestrictedLabels:       slices.Concat(a.RestrictedLabels, b.RestrictedLabels),
		KeyAliases:             mergeMaps(a.KeyAliases, b.KeyAliases),
		ValueAliases:           mergeAliases(a.ValueAliases, b.ValueAliases),
		OfferingLabels:         slices.Concat(a.OfferingLabels, b.OfferingLabels),
		ReservationIDLabel:     b.ReservationIDLabel,
		ReservedCapacityLabels: b.reservedCapacityLabels(),

		UnsupportedTopologyKeys: slices.Concat(a.UnsupportedTopologyKeys, b.UnsupportedTopologyKeys),
		UnsupportedProvisioners: slices.Concat(a.UnsupportedProvisioners, b.UnsupportedProvisioners),
	}
}

func (a Additions) reservedCapacityLabels() []string {
	if a.ReservationIDLabel == "" {
		return a.ReservedCapacityLabels
	}
	return slices.Concat(a.ReservedCapacityLabels, []string{a.ReservationIDLabel})
}

func mergeMaps(a, b map[string]string) map[string]string {
	merged := make(map[string]string, len(a)+len(b))
	maps.Copy(merged, a)
	maps.Copy(merged, b)
	return merged
}

func mergeAliases(a, b map[string]map[string]string) map[string]map[string]string {
	merged := make(map[string]map[string]string, len(a)+len(b))
	for _, aliases := range []map[string]map[string]string{a, b} {
		for key, values := range aliases {
			merged[key] = mergeMaps(merged[key], values)
		}
	}
	return merged
}

func mergeValues(a, b map[string][]string) map[string][]string {
	merged := make(map[string][]string, len(a)+len(b))
	for _, known := range []map[string][]string{a, b} {
		for key, values := range known {
			merged[key] = slices.Concat(merged[key], values)
		}
	}
	return merged
}
