// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"
)

// Patterns of API-008 that the rules below use.
const (
	labelValuePattern    = `^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	qualifiedNamePattern = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	relaxedReasonPattern = `^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$`
)

// coreGroup is the API group whose kinds the rules are for.
const coreGroup = "karpenter.sh"

// A rule completes the schema of one kind in the places it names.
type rule struct {
	kind  string
	paths []string
	apply change
}

// rules returns what the schemas of the core's kinds have beyond their markers.
func rules(restricted keys) []rule {
	poolLabels, poolKeys := "spec.template.metadata.labels", "spec.template.spec.requirements.[].key"
	poolDomains := append(slices.Clone(restricted.all), ownership())
	return []rule{
		{"NodePool", []string{poolLabels + ".{}"}, labelValue},
		{"NodePool", []string{"spec.template.spec.taints.[]", "spec.template.spec.startupTaints.[]"}, taint},
		{"NodeClaim", []string{"spec.taints.[]", "spec.startupTaints.[]"}, taint},
		{"NodeClaim", []string{"status.conditions.[]"}, relaxedCondition},
		{"NodePool", []string{"spec.limits"}, amounts("nodes")},
		{"NodeClaim", []string{"spec.resources.requests"}, amounts()},
		{"NodeOverlay", []string{"spec.capacity"}, amounts()},

		{"NodePool", []string{poolLabels}, restrictLabels(poolDomains)},
		{"NodePool", []string{poolKeys}, restrictKey(poolDomains)},
		{"NodeClaim", []string{"spec.requirements.[].key"}, restrictKey(restricted.all)},
		{"NodeOverlay", []string{"spec.requirements.[].key"}, restrictKey(restricted.overlay)},
	}
}

// complete bounds the values of a CRD and applies the rules of its kind. Kinds of
// other groups have no rules.
func complete(definition *apiextensionsv1.CustomResourceDefinition, restricted keys) error {
	for _, version := range definition.Spec.Versions {
		bound(version.Schema.OpenAPIV3Schema)
	}
	if definition.Spec.Group != coreGroup {
		return nil
	}
	for _, rule := range rules(restricted) {
		if rule.kind != definition.Spec.Names.Kind {
			continue
		}
		for _, version := range definition.Spec.Versions {
			for _, path := range rule.paths {
				if err := changeAt(version.Schema.OpenAPIV3Schema, path, rule.apply); err != nil {
					return fmt.Errorf("at %s: %w", path, err)
				}
			}
		}
	}
	return nil
}

// labelValue bounds the values of a label map (API-011).
func labelValue(schema *apiextensionsv1.JSONSchemaProps) {
	schema.MaxLength = ptr.To[int64](63)
	schema.Pattern = labelValuePattern
}

// taint bounds the fields of a taint (API-065).
func taint(schema *apiextensionsv1.JSONSchemaProps) {
	key := schema.Properties["key"]
	key.MinLength, key.Pattern = ptr.To[int64](1), qualifiedNamePattern
	schema.Properties["key"] = key

	value := schema.Properties["value"]
	value.Pattern = qualifiedNamePattern
	schema.Properties["value"] = value

	effect := schema.Properties["effect"]
	effect.Enum = enum("NoSchedule", "PreferNoSchedule", "NoExecute")
	schema.Properties["effect"] = effect
}

// relaxedCondition lets conditions through that older releases stored, so that
// the objects they are on can still be written (API-173).
func relaxedCondition(schema *apiextensionsv1.JSONSchemaProps) {
	schema.Required = []string{"lastTransitionTime", "status", "type"}
	reason := schema.Properties["reason"]
	reason.MinLength, reason.Pattern = nil, relaxedReasonPattern
	schema.Properties["reason"] = reason
}

func enum(values ...string) []apiextensionsv1.JSON {
	result := make([]apiextensionsv1.JSON, 0, len(values))
	for _, value := range values {
		raw, _ := json.Marshal(value) // a string always encodes
		result = append(result, apiextensionsv1.JSON{Raw: raw})
	}
	return result
}
