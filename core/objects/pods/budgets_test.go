// SPDX-License-Identifier: Apache-2.0

package pods_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/pods"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func webPod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	if change != nil {
		change(p)
	}
	return p
}

func unready(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
}

// budgetFor selects app=web in ns and allows a number of disruptions.
func budgetFor(name string, allowed int32, change func(*policyv1.PodDisruptionBudget)) policyv1.PodDisruptionBudget {
	b := policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
		Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
	}
	if change != nil {
		change(&b)
	}
	return b
}

func alwaysAllow(b *policyv1.PodDisruptionBudget) {
	policy := policyv1.AlwaysAllow
	b.Spec.UnhealthyPodEvictionPolicy = &policy
}

func selector(s *metav1.LabelSelector) func(*policyv1.PodDisruptionBudget) {
	return func(b *policyv1.PodDisruptionBudget) { b.Spec.Selector = s }
}

func unreadable(b *policyv1.PodDisruptionBudget) {
	alwaysAllow(b)
	b.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}}
}

func TestBlocking(t *testing.T) {
	for _, test := range []struct {
		why     string
		pod     func(*corev1.Pod)
		budgets []policyv1.PodDisruptionBudget
		want    []string
	}{
		{why: "DIS-037 no budget"},
		{why: "DIS-037 nothing left to allow", budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}, want: []string{"a"}},
		{why: "DIS-037 something left to allow", budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 1, nil)}},
		{why: "DIS-037 several, whatever they allow", budgets: []policyv1.PodDisruptionBudget{budgetFor("b", 5, nil), budgetFor("a", 5, nil)}, want: []string{"a", "b"}},
		{why: "DIS-037 several, though the pod is not ready", pod: unready,
			budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, alwaysAllow), budgetFor("b", 0, alwaysAllow)}, want: []string{"a", "b"}},
		{why: "DIS-037 a pod that is not ready may go", pod: unready, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, alwaysAllow)}},
		{why: "DIS-037 only where the budget says so", pod: unready, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}, want: []string{"a"}},
		{why: "DIS-037 a ready pod may not", budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, alwaysAllow)}, want: []string{"a"}},
		{why: "DIS-037 another namespace", pod: func(p *corev1.Pod) { p.Namespace = "other" }, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-037 other labels", pod: func(p *corev1.Pod) { p.Labels = nil }, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-037 no selector selects nothing", budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, selector(nil))}},
		{why: "DIS-037 an empty selector selects the namespace", budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, selector(&metav1.LabelSelector{}))}, want: []string{"a"}},
		{why: "DIS-036 a pod that has ended", pod: func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-036 a pod that is ending", pod: func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-036 DIS-039 a pod that stays on a disrupted node", pod: func(p *corev1.Pod) {
			p.Spec.Tolerations = []corev1.Toleration{{Key: v1.DisruptedTaintKey, Operator: corev1.TolerationOpExists}}
		}, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-036 DIS-039 a mirror pod", pod: func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node"}}
		}, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "DIS-039 a daemon", pod: func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet"}}
		}, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}, want: []string{"a"}},
		{why: "DIS-036 a pod whose own annotation blocks", pod: func(p *corev1.Pod) {
			p.Annotations[v1.DoNotDisruptAnnotationKey] = "true"
		}, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, nil)}},
		{why: "SCH-006 an unparsable selector may select any pod of its namespace", pod: unready, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 9, unreadable)}, want: []string{"a"}},
		{why: "SCH-006 and none of another", pod: func(p *corev1.Pod) { p.Namespace = "other" }, budgets: []policyv1.PodDisruptionBudget{budgetFor("a", 0, unreadable)}},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := pods.NewBudgets(test.budgets).Blocking(webPod(test.pod), now); !slices.Equal(got, test.want) {
				t.Errorf("blocked by %v, want %v", got, test.want)
			}
		})
	}
}

// SCH-006
func TestFullyBlocked(t *testing.T) {
	spec := func(minAvailable, maxUnavailable string) func(*policyv1.PodDisruptionBudget) {
		value := func(text string) *intstr.IntOrString {
			if text == "" {
				return nil
			}
			v := intstr.Parse(text)
			return &v
		}
		return func(b *policyv1.PodDisruptionBudget) {
			b.Spec.MinAvailable, b.Spec.MaxUnavailable = value(minAvailable), value(maxUnavailable)
		}
	}
	for _, test := range []struct {
		why     string
		pod     func(*corev1.Pod)
		budgets []policyv1.PodDisruptionBudget
		want    bool
	}{
		{"DIS-038 none may be unavailable", nil, []policyv1.PodDisruptionBudget{budgetFor("a", 0, spec("", "0"))}, true},
		{"DIS-038 no share may be unavailable", nil, []policyv1.PodDisruptionBudget{budgetFor("a", 0, spec("", "0%"))}, true},
		{"DIS-038 all must be available", nil, []policyv1.PodDisruptionBudget{budgetFor("a", 0, spec("100%", ""))}, true},
		{"DIS-038 exhausted for the moment", nil, []policyv1.PodDisruptionBudget{budgetFor("a", 0, spec("1", ""))}, false},
		{"DIS-038 several", nil, []policyv1.PodDisruptionBudget{budgetFor("a", 9, spec("1", "")), budgetFor("b", 9, spec("1", ""))}, true},
		{"DIS-038 a pod that is not ready may go", unready, []policyv1.PodDisruptionBudget{budgetFor("a", 0, func(b *policyv1.PodDisruptionBudget) {
			spec("", "0")(b)
			alwaysAllow(b)
		})}, false},
		{"SCH-006 an unparsable selector", unready, []policyv1.PodDisruptionBudget{budgetFor("a", 9, unreadable)}, true},
		{"SCH-006 an unparsable selector in another namespace", func(p *corev1.Pod) { p.Namespace = "other" }, []policyv1.PodDisruptionBudget{budgetFor("a", 9, unreadable)}, false},
		{"SCH-006 a pod that is never evicted is asked about by no budget", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node"}}
		}, []policyv1.PodDisruptionBudget{budgetFor("a", 0, spec("", "0"))}, false},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := pods.NewBudgets(test.budgets).FullyBlocked(webPod(test.pod), now); got != test.want {
				t.Errorf("fully blocked: %v", got)
			}
		})
	}
}
