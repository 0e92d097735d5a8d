// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/apis/vocabulary"
)

type requirement = v1.NodeSelectorRequirementWithMinValues

func words(t *testing.T) *vocabulary.Vocabulary {
	t.Helper()
	words, err := vocabulary.New(vocabulary.Additions{
		WellKnownLabels:   []string{"karpenter.example.com/size"},
		RestrictedDomains: []string{"karpenter.example.com"},
		KeyAliases:        map[string]string{"old.example.com/capacity": v1.CapacityTypeLabelKey},
		ValueAliases:      map[string]map[string]string{v1.CapacityTypeLabelKey: {"preemptible": v1.CapacityTypeSpot}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func texts(errs field.ErrorList) []string {
	var texts []string
	for _, err := range errs {
		texts = append(texts, string(err.Type)+" "+err.Field)
	}
	return texts
}

// invalid, and the others below, spell an expected error as its type and field.
func invalid(path string) string   { return string(field.ErrorTypeInvalid) + " " + path }
func forbidden(path string) string { return string(field.ErrorTypeForbidden) + " " + path }
func required(path string) string  { return string(field.ErrorTypeRequired) + " " + path }

func TestNodePoolRequirements(t *testing.T) {
	const at = "spec.template.spec.requirements[0]"
	for name, test := range map[string]struct {
		requirement requirement
		want        []string
		warnings    []string
	}{
		"API-063 a user's label":       {requirement{Key: "team", Operator: "In", Values: []string{"a"}}, nil, nil},
		"API-063 a well-known label":   {requirement{Key: "kubernetes.io/arch", Operator: "In", Values: []string{"riscv"}}, nil, nil},
		"API-063 a foreign domain":     {requirement{Key: "node.kubernetes.io/x", Operator: "Exists"}, nil, nil},
		"API-063 an unknown operator":  {requirement{Key: "team", Operator: "Near"}, []string{string(field.ErrorTypeNotSupported) + " " + at + ".operator"}, nil},
		"API-063 operators have case":  {requirement{Key: "team", Operator: "in", Values: []string{"a"}}, []string{string(field.ErrorTypeNotSupported) + " " + at + ".operator"}, nil},
		"API-073 a restricted domain":  {requirement{Key: "karpenter.sh/registered", Operator: "Exists"}, []string{forbidden(at + ".key")}, nil},
		"API-073 a provider's domain":  {requirement{Key: "karpenter.example.com/other", Operator: "Exists"}, []string{forbidden(at + ".key")}, nil},
		"API-073 well-known within it": {requirement{Key: "karpenter.example.com/size", Operator: "Exists"}, nil, nil},
		"API-073 hostname":             {requirement{Key: "kubernetes.io/hostname", Operator: "Exists"}, []string{forbidden(at + ".key")}, nil},
		"API-080 the pool itself":      {requirement{Key: "karpenter.sh/nodepool", Operator: "Exists"}, []string{forbidden(at + ".key")}, nil},
		"API-063 a key with a space":   {requirement{Key: "te am", Operator: "Exists"}, []string{invalid(at + ".key")}, nil},
		"API-063 a long name":          {requirement{Key: strings.Repeat("a", 64), Operator: "Exists"}, []string{invalid(at + ".key")}, nil},
		"API-063 the longest name":     {requirement{Key: strings.Repeat("a", 63), Operator: "Exists"}, nil, nil},
		"API-063 a long prefix":        {requirement{Key: strings.Repeat("a", 254) + "/x", Operator: "Exists"}, []string{invalid(at + ".key")}, nil},
		"API-063 the longest prefix":   {requirement{Key: strings.Repeat("a", 253) + "/x", Operator: "Exists"}, nil, nil},
		"API-063 a value with a space": {requirement{Key: "team", Operator: "In", Values: []string{"a", "b c"}}, []string{invalid(at + ".values[1]")}, nil},
		"API-063 values of NotIn":      {requirement{Key: "team", Operator: "NotIn", Values: []string{"?"}}, []string{invalid(at + ".values[0]")}, nil},
		"API-063 an empty value":       {requirement{Key: "team", Operator: "In", Values: []string{""}}, nil, nil},
		"API-063 In of nothing":        {requirement{Key: "team", Operator: "In"}, []string{required(at + ".values")}, nil},
		"API-060 NotIn of nothing":     {requirement{Key: "team", Operator: "NotIn"}, nil, nil},
		"API-059 Exists with values":   {requirement{Key: "team", Operator: "Exists", Values: []string{"a"}}, nil, nil},
		"API-063 enough values":        {requirement{Key: "team", Operator: "In", Values: []string{"a", "b"}, MinValues: new(2)}, nil, nil},
		"API-063 too few values":       {requirement{Key: "team", Operator: "In", Values: []string{"a"}, MinValues: new(2)}, []string{invalid(at + ".values")}, nil},
		"API-063 duplicates":           {requirement{Key: "team", Operator: "In", Values: []string{"a", "a"}, MinValues: new(2)}, []string{invalid(at + ".values")}, nil},
		"API-058 minValues of Exists":  {requirement{Key: "team", Operator: "Exists", MinValues: new(9)}, nil, nil},
		"API-063 an integer":           {requirement{Key: "cpu", Operator: "Gt", Values: []string{"0"}}, nil, nil},
		"API-063 the greatest integer": {requirement{Key: "cpu", Operator: "Lte", Values: []string{"9223372036854775807"}}, nil, nil},
		"API-063 beyond 64 bits":       {requirement{Key: "cpu", Operator: "Lt", Values: []string{"9223372036854775808"}}, []string{invalid(at + ".values[0]")}, nil},
		"API-063 two integers":         {requirement{Key: "cpu", Operator: "Gte", Values: []string{"1", "2"}}, []string{invalid(at + ".values")}, nil},
		"API-063 no integer":           {requirement{Key: "cpu", Operator: "Lt"}, []string{invalid(at + ".values")}, nil},
		"API-063 not an integer":       {requirement{Key: "cpu", Operator: "Lte", Values: []string{"one"}}, []string{invalid(at + ".values[0]")}, nil},
		"API-063 a negative integer":   {requirement{Key: "cpu", Operator: "Gt", Values: []string{"-1"}}, []string{invalid(at + ".values[0]"), invalid(at + ".values[0]")}, nil},
		"API-075 a known value":        {requirement{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"reserved"}}, nil, nil},
		"API-075 no known value":       {requirement{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"cheap"}}, []string{invalid(at + ".values")}, nil},
		"API-075 unknown beside known": {requirement{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"spot", "cheap"}}, nil, []string{invalid(at + ".values")}},
		"API-075 too few known values": {requirement{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"spot", "cheap"}, MinValues: new(2)}, []string{invalid(at + ".values")}, nil},
		"API-075 only for In":          {requirement{Key: "karpenter.sh/capacity-type", Operator: "NotIn", Values: []string{"cheap"}}, nil, nil},
		"API-076 values of an alias":   {requirement{Key: "old.example.com/capacity", Operator: "In", Values: []string{"cheap"}}, []string{invalid(at + ".values")}, nil},
		"API-077 an alias of a value":  {requirement{Key: "old.example.com/capacity", Operator: "In", Values: []string{"preemptible"}}, nil, nil},
		"API-077 two names of one":     {requirement{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"preemptible", "spot"}, MinValues: new(2)}, []string{invalid(at + ".values")}, nil},
		"API-080 all that is wrong":    {requirement{Key: "karpenter.sh/x y", Operator: "In", Values: []string{"?"}, MinValues: new(2)}, []string{invalid(at + ".key"), forbidden(at + ".key"), invalid(at + ".values[0]"), invalid(at + ".values")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &v1.NodePool{}
			pool.Spec.Template.Spec.Requirements = []requirement{test.requirement}
			found := validation.NodePool(pool, words(t))
			if diff := cmp.Diff(test.want, texts(found.Errors)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.warnings, texts(found.Warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodePoolLabels(t *testing.T) {
	for name, test := range map[string]struct {
		key, value string
		want       []string
	}{
		"API-080 a user's label":             {"team", "a", nil},
		"API-080 a well-known label":         {"karpenter.sh/capacity-type", "spot", nil},
		"API-077 an alias":                   {"failure-domain.beta.kubernetes.io/zone", "a", nil},
		"API-080 the pool itself":            {"karpenter.sh/nodepool", "a", []string{forbidden("spec.template.metadata.labels[karpenter.sh/nodepool]")}},
		"API-080 a restricted domain":        {"karpenter.sh/x", "a", []string{forbidden("spec.template.metadata.labels[karpenter.sh/x]")}},
		"API-080 hostname":                   {"kubernetes.io/hostname", "a", []string{forbidden("spec.template.metadata.labels[kubernetes.io/hostname]")}},
		"API-062 a key with a space":         {"te am", "a", []string{invalid("spec.template.metadata.labels[te am]")}},
		"API-080 a value with a space":       {"team", "a b", []string{invalid("spec.template.metadata.labels[team]")}},
		"API-080 an empty value":             {"team", "", nil},
		"API-080 a value that is too long":   {"team", strings.Repeat("a", 64), []string{invalid("spec.template.metadata.labels[team]")}},
		"API-073 domains of the node itself": {"node-role.kubernetes.io/worker", "true", nil},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &v1.NodePool{}
			pool.Spec.Template.ObjectMeta.Labels = map[string]string{test.key: test.value}
			if diff := cmp.Diff(test.want, texts(validation.NodePool(pool, words(t)).Errors)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// API-066
func TestNodePoolTaints(t *testing.T) {
	const at = "spec.template.spec"
	duplicate := func(path string) string { return string(field.ErrorTypeDuplicate) + " " + path }
	for name, test := range map[string]struct {
		taints, startup []corev1.Taint
		want            []string
	}{
		"every effect": {[]corev1.Taint{
			{Key: "a", Effect: "NoSchedule"}, {Key: "a", Effect: "NoExecute"}, {Key: "a", Effect: "PreferNoSchedule"}, {Key: "a"},
		}, nil, nil},
		"an unknown effect":       {[]corev1.Taint{{Key: "a", Effect: "Never"}}, nil, []string{string(field.ErrorTypeNotSupported) + " " + at + ".taints[0].effect"}},
		"no key":                  {[]corev1.Taint{{Effect: "NoSchedule"}}, nil, []string{invalid(at + ".taints[0].key"), invalid(at + ".taints[0].key")}},
		"a key with a space":      {nil, []corev1.Taint{{Key: "a b", Effect: "NoSchedule"}}, []string{invalid(at + ".startupTaints[0].key")}},
		"a name that is too long": {[]corev1.Taint{{Key: strings.Repeat("a", 64), Effect: "NoSchedule"}}, nil, []string{invalid(at + ".taints[0].key")}},
		"a value with a prefix, which nodes refuse": {[]corev1.Taint{{Key: "a", Value: "example.com/b", Effect: "NoSchedule"}}, nil, []string{invalid(at + ".taints[0].value")}},
		"a long value, which nodes refuse":          {nil, []corev1.Taint{{Key: "a", Value: strings.Repeat("b", 64), Effect: "NoSchedule"}}, []string{invalid(at + ".startupTaints[0].value")}},
		"a value with a space":                      {[]corev1.Taint{{Key: "a", Value: "b c", Effect: "NoSchedule"}}, nil, []string{invalid(at + ".taints[0].value")}},
		"a restricted domain":                       {[]corev1.Taint{{Key: "karpenter.sh/x", Effect: "NoSchedule"}}, nil, nil},
		"twice in one list":                         {[]corev1.Taint{{Key: "a", Effect: "NoSchedule"}, {Key: "a", Value: "b", Effect: "NoSchedule"}}, nil, []string{duplicate(at + ".taints[1]")}},
		"once in each list":                         {[]corev1.Taint{{Key: "a", Effect: "NoSchedule"}}, []corev1.Taint{{Key: "a", Effect: "NoSchedule"}}, []string{duplicate(at + ".startupTaints[0]")}},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &v1.NodePool{}
			pool.Spec.Template.Spec.Taints, pool.Spec.Template.Spec.StartupTaints = test.taints, test.startup
			if diff := cmp.Diff(test.want, texts(validation.NodePool(pool, words(t)).Errors)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// API-030
func TestNodePoolName(t *testing.T) {
	pool := &v1.NodePool{}
	for length, want := range map[int][]string{63: nil, 64: {string(field.ErrorTypeTooLong) + " metadata.name"}} {
		pool.Name = strings.Repeat("a", length)
		if diff := cmp.Diff(want, texts(validation.NodePool(pool, words(t)).Errors)); diff != "" {
			t.Errorf("a name of %d characters: errors (-want +got):\n%s", length, diff)
		}
	}
}

// API-080
func TestMessage(t *testing.T) {
	if got := (validation.Findings{}).Message(); got != "" {
		t.Errorf("Message() = %q without errors", got)
	}
	pool := &v1.NodePool{}
	pool.Spec.Template.Spec.Requirements = []requirement{
		{Key: "team", Operator: "In"}, {Key: "karpenter.sh/x", Operator: "Exists"},
	}
	want := "spec.template.spec.requirements[0].values: Required value: operator In needs at least one value; " +
		"spec.template.spec.requirements[1].key: Forbidden: label karpenter.sh/x is restricted"
	if got := validation.NodePool(pool, words(t)).Message(); got != want {
		t.Errorf("Message() = %q, want %q", got, want)
	}
}

// API-080: the text is cut to what a condition can hold, and not within a character.
func TestMessageIsTruncated(t *testing.T) {
	var found validation.Findings
	for i := range 4 {
		detail := strings.Repeat("é", 5000+i)
		found.Errors = append(found.Errors, slices.Repeat(field.ErrorList{field.Forbidden(field.NewPath("x"), detail)}, 2)...)
	}
	got := found.Message()
	if len(got) > 32768 || len(got) < 32760 || !utf8.ValidString(got) || !strings.HasSuffix(got, "...") {
		t.Errorf("Message() has %d bytes and ends in %q", len(got), got[len(got)-10:])
	}
}
