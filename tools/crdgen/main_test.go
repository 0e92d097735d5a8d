// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// generateInto runs the program from the root of the repository, and returns what
// it wrote by kind.
func generateInto(t *testing.T, opts options) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	if os.Getenv("GOWORK") == "off" {
		t.Skip("GOWORK is off: the core's packages are out of reach")
	}
	t.Chdir(filepath.Join("..", ".."))
	opts.out = t.TempDir()
	if err := run(opts); err != nil {
		t.Fatal(err)
	}
	definitions := map[string]*apiextensionsv1.CustomResourceDefinition{}
	files, _ := filepath.Glob(filepath.Join(opts.out, "*.yaml"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			t.Fatal(err)
		}
		definitions[definition.Spec.Names.Kind] = definition
	}
	return definitions
}

// API-174
func TestProviderCopy(t *testing.T) {
	labels := make([]string, 60)
	for i := range labels {
		labels[i] = fmt.Sprintf("karpenter.example.com/instance-property-%02d", i)
	}
	definitions := generateInto(t, options{
		paths:           []string{"./core/apis/v1", "./core/apis/v1alpha1"},
		restrictDomains: []string{"karpenter.example.com", "other.example.com"},
		allowLabels:     append(labels, "other.example.com/size"),
	})
	if len(definitions) != 3 {
		t.Fatalf("generated %d CRDs, want 3", len(definitions))
	}
	for kind, definition := range definitions {
		t.Run(kind, func(t *testing.T) {
			checkInstallable(t, definition)
			checkKeys(t, definition, map[string]bool{
				"team":                         true,
				"example.com/team":             true,
				labels[0]:                      true,
				labels[59]:                     true,
				"other.example.com/size":       true,
				"karpenter.example.com/color":  false,
				"sub.karpenter.example.com/x":  false,
				"karpenter.example.com":        false,
				"notkarpenter.example.com/x":   true,
				"other.example.com/color":      false,
				"karpenter-example-com/x":      true,
				"karpenter.sh/registered":      false,
				"karpenter.sh/capacity-type":   true,
				"kubernetes.io/hostname":       false,
				labels[0] + "-and-more":        false,
				"example.com/karpenter.sh":     true,
				"karpenter.example.com.evil/x": true,
			})
		})
	}
}

// API-172: what is written is what is shipped.
func TestShippedDefinitionsAreGenerated(t *testing.T) {
	definitions := generateInto(t, options{paths: []string{"./core/apis/..."}})
	for kind, definition := range definitions {
		want, err := encode(definition)
		if err != nil {
			t.Fatal(err)
		}
		name := definition.Spec.Group + "_" + definition.Spec.Names.Plural + ".yaml"
		got, err := os.ReadFile(filepath.Join("core", "apis", "crds", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("the CRD of %s is not up to date (-generated +shipped):\n%s", kind, diff)
		}
		checkInstallable(t, definition)
	}
}

// API-174: a label that no domain restricts needs no exception, so naming one is a
// mistake.
func TestAllowedLabelOfNoDomain(t *testing.T) {
	_, err := restrictedDomains(options{
		restrictDomains: []string{"karpenter.example.com"}, allowLabels: []string{"example.com/size"},
	})
	if err == nil || !strings.Contains(err.Error(), "example.com/size") {
		t.Errorf("restrictedDomains() fails with %v, want an error about the label", err)
	}
}

// AWS-016: labels that a launch decides are closed to NodeOverlays alone.
func TestLabelForbiddenInOverlays(t *testing.T) {
	opts := options{
		paths:           []string{"./core/apis/v1", "./core/apis/v1alpha1"},
		restrictDomains: []string{"karpenter.example.com"},
		allowLabels:     []string{"karpenter.example.com/tenancy", "karpenter.example.com/size"},
		overlayForbids:  []string{"karpenter.example.com/tenancy"},
	}
	for kind, definition := range generateInto(t, opts) {
		t.Run(kind, func(t *testing.T) {
			checkInstallable(t, definition)
			checkKeys(t, definition, map[string]bool{
				"karpenter.example.com/size":    true,
				"karpenter.example.com/tenancy": kind != "NodeOverlay",
				"karpenter.example.com/color":   false,
			})
		})
	}
}

// AWS-016: forbidding what is not allowed anyway is a mistake.
func TestForbiddenLabelOfNoDomain(t *testing.T) {
	domains := []domain{closedDomain("karpenter.example.com", []string{"karpenter.example.com/size"})}
	if _, err := forbid(domains, []string{"karpenter.example.com/color"}); err == nil || !strings.Contains(err.Error(), "karpenter.example.com/color") {
		t.Errorf("forbid() fails with %v, want an error about the label", err)
	}
	if _, err := forbid(domains, []string{"karpenter.example.com/size"}); err != nil || len(domains[0].allowed) != 1 {
		t.Errorf("forbid() fails with %v and leaves %v of the given domain", err, domains[0].allowed)
	}
}

// A rule for a place that is no more must not be lost silently.
func TestRuleForMissingPlace(t *testing.T) {
	definition := &apiextensionsv1.CustomResourceDefinition{Spec: apiextensionsv1.CustomResourceDefinitionSpec{
		Group: coreGroup, Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "NodeClaim"},
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{}},
		}},
	}}
	if err := complete(definition, keys{}); err == nil {
		t.Error("complete() does not fail though the schema is empty")
	}
}

// checkInstallable asks the API server's own code, cost limits included.
func checkInstallable(t *testing.T, definition *apiextensionsv1.CustomResourceDefinition) {
	t.Helper()
	versioned, internal := definition.DeepCopy(), &apiextensions.CustomResourceDefinition{}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(versioned)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&versioned.Spec)
	versioned.Status.StoredVersions = []string{versioned.Spec.Versions[0].Name}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(versioned, internal, nil); err != nil {
		t.Fatal(err)
	}
	for _, err := range validation.ValidateCustomResourceDefinition(context.Background(), internal) {
		t.Errorf("not installable: %v", err)
	}
}

// checkKeys makes sure which keys are free in requirements and, for a NodePool, as
// labels.
func checkKeys(t *testing.T, definition *apiextensionsv1.CustomResourceDefinition, free map[string]bool) {
	t.Helper()
	for key, want := range free {
		requirement := map[string]any{"requirements": []any{map[string]any{"key": key, "operator": "Exists"}}}
		if definition.Spec.Names.Kind != "NodePool" {
			checkRules(t, definition, map[string]any{"spec": requirement}, want)
			continue
		}
		labels := map[string]any{"metadata": map[string]any{"labels": map[string]any{key: "a"}}}
		checkRules(t, definition, map[string]any{"spec": map[string]any{"template": map[string]any{"spec": requirement}}}, want)
		checkRules(t, definition, map[string]any{"spec": map[string]any{"template": labels}}, want)
	}
}

func checkRules(t *testing.T, definition *apiextensionsv1.CustomResourceDefinition, object map[string]any, want bool) {
	t.Helper()
	internal := &apiextensions.JSONSchemaProps{}
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		definition.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil)
	if err != nil {
		t.Fatal(err)
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		t.Fatal(err)
	}
	validator := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	errs, _ := validator.Validate(context.Background(), field.NewPath(""), structural, object, nil, celconfig.RuntimeCELCostBudget)
	if got := len(errs) == 0; got != want {
		t.Errorf("%v is accepted: %t, want %t: %v", object, got, want, errs)
	}
}
