// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Patterns of API-008.
const (
	magnitude       = `(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]{1,2}))?$`
	quantityPattern = `^(\+|-)?` + magnitude
	amountPattern   = `^\+?` + magnitude
)

// API-006: these, and no other fields, are quantities.
func TestQuantities(t *testing.T) {
	for kind, patterns := range map[string]map[string]string{
		"NodePool":       {"spec.limits": amountPattern, "status.resources": quantityPattern},
		"NodeClaim":      {"spec.resources.requests": amountPattern, "status.capacity": quantityPattern, "status.allocatable": quantityPattern},
		"NodeOverlay":    {"spec.capacity": amountPattern},
		"CapacityBuffer": {"spec.limits": quantityPattern},
	} {
		for path, pattern := range patterns {
			if schema := schemaAt(t, kind, path+".{}"); !schema.XIntOrString || schema.Pattern != pattern {
				t.Errorf("%s %s is no map of quantities: %v", kind, path, schema)
			}
		}
		if all := quantities(definitions(t)[kind].Spec.Versions[0].Schema.OpenAPIV3Schema); len(all) != len(patterns) {
			t.Errorf("%s has %d quantities, want %d", kind, len(all), len(patterns))
		}
	}
}

// quantities are all the places of a schema that hold a quantity.
func quantities(schema *apiextensionsv1.JSONSchemaProps) []*apiextensionsv1.JSONSchemaProps {
	var all []*apiextensionsv1.JSONSchemaProps
	if schema.XIntOrString {
		all = append(all, schema)
	}
	for _, property := range schema.Properties {
		all = append(all, quantities(&property)...)
	}
	if schema.Items != nil {
		all = append(all, quantities(schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		all = append(all, quantities(schema.AdditionalProperties.Schema)...)
	}
	return all
}

// API-006: what admission accepts as a quantity is one to Go, and is read at
// once: 64 characters at most and exponents of two digits bound the numbers that
// reading computes with to a few hundred digits.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{
		"100m", "1e3", "1E2", "5Gi", "1e-3", "1e+05", ".5", "5.", "+1", "-1", "0", "1E", "1Ei", "12e99", "1n", "1u",
		"1e1.5", "1e.5", "1e-9999999999999999999", "1e-1999999999", "1e100", "1e", "1e+", "e5", ".", "", "1 ", "1ki", "0x1", "1_0", "1e5\n",
	} {
		f.Add(text)
	}
	// Whatever the alphabet of quantities spells.
	random := rand.New(rand.NewPCG(5, 6))
	const alphabet = "0123456789999eeEE..+-KMGTPEinumk"
	for range 3000 {
		text := make([]byte, 1+random.IntN(12))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		f.Add(string(text))
	}
	patterns := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, definition := range definitions(f) {
		for _, schema := range quantities(definition.Spec.Versions[0].Schema.OpenAPIV3Schema) {
			patterns[schema.Pattern] = schema
		}
	}
	if len(patterns) != 2 {
		f.Fatalf("there are %d patterns", len(patterns))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for pattern, schema := range patterns {
			if !regexp.MustCompile(pattern).MatchString(text) || int64(len(text)) > *schema.MaxLength {
				continue
			}
			if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found && exponent != "i" && len(strings.Trim(exponent, "+-")) > 2 {
				t.Fatalf("%q is accepted, and takes long to read", text)
			}
			quantity, err := resource.ParseQuantity(text)
			if err != nil {
				t.Fatalf("%q is accepted: %v", text, err)
			}
			if pattern == amountPattern && quantity.Sign() < 0 {
				t.Fatalf("%q is accepted as an amount", text)
			}
		}
	})
}
