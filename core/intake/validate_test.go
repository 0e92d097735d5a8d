// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake"
)

func TestValidatePod(t *testing.T) {
	expression := func(key string, op corev1.NodeSelectorOperator, values ...string) corev1.PodSpec {
		return corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: required(corev1.NodeSelectorTerm{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}},
		})}}
	}
	for _, tc := range []struct {
		why  string
		spec corev1.PodSpec
		want string // part of the message; empty accepts
	}{
		{"no constraints", corev1.PodSpec{}, ""},
		{"SCH-030 row 2 matchFields", corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: required(corev1.NodeSelectorTerm{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"n"}}},
		})}}, "matchFields"},
		{"SCH-030 row 3 operator", expression("k", "Near", "1"), `operator "Near"`},
		{"SCH-030 row 4 restricted domain", expression("karpenter.sh/initialized", corev1.NodeSelectorOpIn, "true"), `"karpenter.sh/initialized" is restricted`},
		{"SCH-032 hostname", corev1.PodSpec{NodeSelector: map[string]string{label.Hostname: "n"}}, "is restricted"},
		{"SCH-030 row 5 unknown capacity type", expression(label.CapacityType, corev1.NodeSelectorOpIn, "cheap"), `none of ["cheap"]`},
		{"SCH-030 row 5 one known capacity type is enough", expression(label.CapacityType, corev1.NodeSelectorOpIn, "cheap", "spot"), ""},
		{"SCH-030 row 6 key", expression("a b", corev1.NodeSelectorOpExists), `"a b" is not a qualified name`},
		{"SCH-030 row 6 value", expression("k", corev1.NodeSelectorOpIn, "not valid!"), `"not valid!"`},
		{"SCH-030 row 6 In without values", expression("k", corev1.NodeSelectorOpIn), "without values"},
		{"SCH-030 row 6 bound that is no integer", expression("k", corev1.NodeSelectorOpGt, "x"), "exactly one integer"},
		{"SCH-030 row 6 negative bound", expression("k", corev1.NodeSelectorOpLt, "-1"), `"-1"`},
		{"SCH-031 one bad OR-ed term rejects the pod", corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: required(term("ok", "1"), term("bad key!", "1"))}}, "term 1"},
		{"SCH-031 preferences are not validated", corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term("bad key!", "1")}},
		}}}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			err := compiler().ValidatePod(podOf(tc.spec))
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// SCH-030 row 1: a pod that refuses Karpenter's nodes is left out silently, if
// every OR-ed term refuses them.
func TestRefusal(t *testing.T) {
	refuse := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: label.NodePool, Operator: corev1.NodeSelectorOpDoesNotExist}}}
	for _, tc := range []struct {
		why  string
		spec *corev1.NodeAffinity
		want bool
	}{
		{"the only term refuses", required(refuse), true},
		{"another term accepts", required(refuse, term("k", "v")), false},
		{"a preference does not refuse", &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: refuse}}}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			err := compiler().ValidatePod(podOf(corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: tc.spec}}))
			if got := errors.Is(err, intake.ErrRefusesKarpenter); got != tc.want {
				t.Errorf("got %v", err)
			}
		})
	}
}
