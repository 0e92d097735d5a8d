// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// A change completes the schema of one place.
type change func(schema *apiextensionsv1.JSONSchemaProps)

// changeAt applies a change to the place that a path names: property names
// separated by dots, with [] for the items of a list and {} for the values of a
// map, as in spec.taints.[].key.
func changeAt(schema *apiextensionsv1.JSONSchemaProps, path string, apply change) error {
	step, rest, more := strings.Cut(path, ".")
	next := apply
	var failure error
	if more {
		next = func(inner *apiextensionsv1.JSONSchemaProps) { failure = changeAt(inner, rest, apply) }
	}
	if !descend(schema, step, next) {
		return fmt.Errorf("the schema has no %q", step)
	}
	return failure
}

// descend applies a change to one child, and tells whether there is one.
func descend(schema *apiextensionsv1.JSONSchemaProps, step string, apply change) bool {
	switch step {
	case "[]":
		if schema.Items == nil || schema.Items.Schema == nil {
			return false
		}
		apply(schema.Items.Schema)
	case "{}":
		if schema.AdditionalProperties == nil || schema.AdditionalProperties.Schema == nil {
			return false
		}
		apply(schema.AdditionalProperties.Schema)
	default:
		property, found := schema.Properties[step]
		if !found {
			return false
		}
		apply(&property)
		schema.Properties[step] = property
	}
	return true
}
