// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

// asked keeps the rules that a round asks to be counted.
type asked struct{ rules *[]*intake.TopologyRule }

func (a asked) Count(rule *intake.TopologyRule) map[string]int32 {
	*a.rules = append(*a.rules, rule)
	return nil
}
func (asked) Repelling() []*intake.TopologyRule { return nil }

// topologyRules are the topology rules of one pod.
func topologyRules(t *testing.T, spec corev1.PodSpec) []*intake.TopologyRule {
	t.Helper()
	var out []*intake.TopologyRule
	r := compiler().NewRound(map[string]map[string]string{"ns": nil, "other": {"team": "x"}})
	if err := r.Add(labelled("asking", map[string]string{"app": "a"}, spec), intake.Volumes{}); err != nil {
		t.Fatal(err)
	}
	r.Build(asked{&out})
	return out
}

func joining(terms ...corev1.PodAffinityTerm) corev1.PodSpec {
	return corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}}
}

// SCH-160: a pod counts for required affinity only if every term selects it.
func TestAffinityTermsSelectTogether(t *testing.T) {
	rules := topologyRules(t, joining(
		corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting("app", "a"), NamespaceSelector: &metav1.LabelSelector{}},
		corev1.PodAffinityTerm{TopologyKey: label.Hostname, LabelSelector: selecting("tier", "b"), Namespaces: []string{"ns"}},
	))
	if len(rules) != 2 || rules[0].Key != label.Zone || rules[1].Key != label.Hostname {
		t.Fatalf("got %+v", rules)
	}
	for _, tc := range []struct {
		why, namespace string
		labels         map[string]string
		want           bool
	}{
		{"selected by both", "ns", map[string]string{"app": "a", "tier": "b"}, true},
		{"selected by the first", "ns", map[string]string{"app": "a"}, false},
		{"selected by the second", "ns", map[string]string{"tier": "b"}, false},
		{"in a namespace of the first only", "other", map[string]string{"app": "a", "tier": "b"}, false},
	} {
		for _, rule := range rules {
			if got := rule.Selects(tc.namespace, tc.labels); got != tc.want {
				t.Errorf("%s, on %s: got %t", tc.why, rule.Key, got)
			}
		}
	}
	nothing := topologyRules(t, joining(
		corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting("app", "a")},
		corev1.PodAffinityTerm{TopologyKey: label.Hostname},
	))
	if nothing[0].Selects("ns", map[string]string{"app": "a"}) {
		t.Error("SCH-147 a term without selector selects no pod, nor do all terms together")
	}
}

// SCH-151: which nodes a spread looks at.
func TestNodesASpreadLooksAt(t *testing.T) {
	honor := corev1.NodeInclusionPolicyHonor
	constraint := func(key string, when corev1.UnsatisfiableConstraintAction) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: when, LabelSelector: selecting("app", "a"), NodeTaintsPolicy: &honor}
	}
	spec := corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
		constraint(label.Zone, corev1.DoNotSchedule), constraint("rack", corev1.DoNotSchedule),
		constraint(label.Hostname, corev1.DoNotSchedule), constraint("soft", corev1.ScheduleAnyway),
	}}
	zonal := topologyRules(t, spec)[0]
	for _, tc := range []struct {
		why    string
		labels map[string]string
		taints []taint.Taint
		want   bool
	}{
		{"has the keys of all hard constraints", map[string]string{label.Zone: "a", "rack": "1"}, nil, true},
		{"lacks the key of one", map[string]string{label.Zone: "a"}, nil, false},
		{"a taint that repels hides it", map[string]string{label.Zone: "a", "rack": "1"}, []taint.Taint{{Key: "k", Effect: taint.NoSchedule}}, false},
		{"PreferNoSchedule does not", map[string]string{label.Zone: "a", "rack": "1"}, []taint.Taint{{Key: "k", Effect: taint.PreferNoSchedule}}, true},
	} {
		if got := zonal.LooksAt(tc.labels, tc.taints); got != tc.want {
			t.Errorf("%s: got %t", tc.why, got)
		}
	}
}

// SCH-141: constraints that look at different nodes do not share counts.
func TestOtherKeysAreIdentity(t *testing.T) {
	alone := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))
	beside := *alone.DeepCopy()
	beside.TopologySpreadConstraints = append(beside.TopologySpreadConstraints, spreading("rack", corev1.DoNotSchedule, nil).TopologySpreadConstraints...)
	if got := build(t, compiler(), labelled("a", nil, alone), labelled("b", nil, beside)).groups; len(got) != 3 {
		t.Errorf("got %d groups, want 3", len(got))
	}
}
