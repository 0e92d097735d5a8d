// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"
)

// Patterns of API-008 for values that clients read into numbers and times. The
// API server would let more through than Go reads, and quantities that take
// minutes to read; one such object would hide all others of its kind.
const (
	magnitude       = `(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]{1,2}))?$`
	quantityPattern = `^(\+|-)?` + magnitude
	amountPattern   = `^\+?` + magnitude
	instantPattern  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|(\+|-)([01][0-9]|2[0-3]):[0-5][0-9])$`
)

// maxQuantityLength bounds the digits of a quantity.
const maxQuantityLength = 64

// maxResources is how many resources a map of amounts may name.
const maxResources = 100

// bound makes every quantity and every time of a schema one that clients read,
// and read at once (API-006).
func bound(schema *apiextensionsv1.JSONSchemaProps) {
	switch {
	case schema.XIntOrString && schema.Pattern != "":
		schema.Pattern, schema.MaxLength = quantityPattern, ptr.To[int64](maxQuantityLength)
	case schema.Format == "date-time":
		schema.Pattern = instantPattern
	}
	for name, property := range schema.Properties {
		bound(&property)
		schema.Properties[name] = property
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		bound(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		bound(schema.AdditionalProperties.Schema)
	}
}

// amounts keeps a map to amounts that are not negative, of resources that there
// are: those of Kubernetes, those in a domain, and the given ones.
func amounts(own ...string) change {
	names := `cpu|memory|ephemeral-storage|pods`
	for _, name := range own {
		names += "|" + name
	}
	// Bounded, so that the cost of the rule is.
	pattern := fmt.Sprintf(`^(%s|(hugepages|attachable-volumes)-[-A-Za-z0-9.]+|`+
		`[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`, names)
	return func(schema *apiextensionsv1.JSONSchemaProps) {
		schema.MaxProperties = ptr.To[int64](maxResources)
		schema.XValidations = append(schema.XValidations, apiextensionsv1.ValidationRule{
			Rule:    fmt.Sprintf("self.all(name, size(name) <= 317 && name.matches('%s'))", pattern),
			Message: "resources other than those of Kubernetes need a domain, as in example.com/gpu",
		})
		amount := schema.AdditionalProperties.Schema
		amount.Pattern, amount.Minimum = amountPattern, ptr.To[float64](0)
	}
}
