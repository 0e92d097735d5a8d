// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
)

// OPS-267: what must not be there before a test.
func TestPremises(t *testing.T) {
	named := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	tainted := func(effect corev1.TaintEffect) corev1.NodeSpec {
		return corev1.NodeSpec{Taints: []corev1.Taint{{Key: "CriticalAddonsOnly", Effect: effect}}}
	}
	unschedulable := corev1.PodStatus{Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable},
	}}
	fit := environment.Premises{
		Nodes: []corev1.Node{
			{ObjectMeta: named("", "tainted"), Spec: tainted(corev1.TaintEffectNoSchedule)},
			{ObjectMeta: named("", "cordoned"), Spec: corev1.NodeSpec{Unschedulable: true}},
		},
		Pods: []corev1.Pod{
			{ObjectMeta: named("kube-system", "runs"), Spec: corev1.PodSpec{NodeName: "tainted"}},
			{ObjectMeta: named("kube-system", "new")},
			{ObjectMeta: named("kube-system", "bound"), Spec: corev1.PodSpec{NodeName: "tainted"}, Status: unschedulable},
		},
		Classes: []string{"mine"},
	}
	if wrong := fit.Wrong(); len(wrong) > 0 {
		t.Errorf("a fit cluster: %v", wrong)
	}
	for want, spoil := range map[string]func(*environment.Premises){
		"node open takes any pod": func(p *environment.Premises) {
			p.Nodes = append(p.Nodes, corev1.Node{ObjectMeta: named("", "open"), Spec: tainted(corev1.TaintEffectPreferNoSchedule)})
		},
		"pod left is in namespace default": func(p *environment.Premises) {
			p.Pods = append(p.Pods, corev1.Pod{ObjectMeta: named("default", "left")})
		},
		"pod other/waiting waits": func(p *environment.Premises) {
			p.Pods = append(p.Pods, corev1.Pod{ObjectMeta: named("other", "waiting"), Status: unschedulable})
		},
		"there is NodePool mine": func(p *environment.Premises) {
			p.Pools = []v1.NodePool{{ObjectMeta: named("", "mine")}}
		},
		"there is NodeClass default": func(p *environment.Premises) { p.Classes = []string{"default"} },
	} {
		p := fit
		spoil(&p)
		if wrong := p.Wrong(); len(wrong) != 1 || !strings.Contains(wrong[0], want) {
			t.Errorf("%s: got %v", want, wrong)
		}
	}
}
