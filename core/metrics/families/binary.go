// SPDX-License-Identifier: Apache-2.0

package families

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
)

// Binary is what a controller binary adds to the core, as far as metrics depend on it.
type Binary struct {
	// Vocabulary is the core's with the provider's additions.
	Vocabulary *vocabulary.Vocabulary
	// NodeClasses are the kinds that the provider manages.
	NodeClasses []schema.GroupKind
	// Own are the families of the provider, those of the kit included if it uses them.
	Own []Group
}

// Groups lists everything that the binary may show, libraries included.
func (b Binary) Groups() []Group {
	var conditions []Family
	for _, kind := range b.Kinds() {
		conditions = append(conditions, kind.Conditions().List()...)
	}
	return slices.Concat(
		Core(),
		[]Group{NodeGauges(b.Vocabulary), {Title: "Conditions of objects", Families: append(conditions, Twins().List()...)}},
		b.Own,
		Libraries(),
	)
}

// Kinds are those whose conditions are shown.
func (b Binary) Kinds() []Kind {
	labels := []string{v1.NodePoolLabelKey}
	for _, class := range b.NodeClasses {
		labels = append(labels, v1.NodeClassLabelKey(class))
	}
	kinds := []Kind{
		{Name: "nodeclaim", Labels: labels},
		{Name: "nodepool"},
		{Name: "node", Labels: append(slices.Clone(labels), v1.NodeInitializedLabelKey)},
		{Name: "capacitybuffer", Gate: "CapacityBuffer"},
	}
	for _, class := range b.NodeClasses {
		kinds = append(kinds, Kind{Name: strings.ToLower(class.Kind), NodeClass: true})
	}
	return kinds
}
