// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cluster/volume"
)

// SCH-120 to SCH-122, SCH-234: what a daemon gets from a LimitRange is part of the
// first node and of every later one, also once a live pod of it, pinned to its
// node, is all that is known of it. Otherwise the daemon would preempt the pod for
// which the node came up, round after round.
func TestDaemonsAreCountedRoundAfterRound(t *testing.T) {
	agent := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "agent", UID: "agent"}}
	agent.Spec.Template.Spec.Containers = []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
	}}}
	w := newWorld(t, readyPool("default"), pendingPod("app-1", "2"))
	w.cluster.UpdateDaemonSet(agent)
	w.cluster.UpdateLimitRange(&corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "limits"},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, DefaultRequest: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")},
		}}},
	})
	w.must(w.round())
	live := pendingPod("agent-x", "2", on("n"), func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(agent, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
		p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{
				{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{"n"}},
			}}},
		}}}
	})
	w.cluster.UpdatePod(live, volume.Resolution{Settled: true})
	w.must(w.client.Create(t.Context(), pendingPod("app-2", "2", func(p *corev1.Pod) {
		p.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "amd64"} // no room on the first
	})))
	w.must(w.client.Delete(t.Context(), pendingPod("app-1", "2")))
	w.must(w.round())
	claims := w.nodeClaims()
	if len(claims) != 2 {
		t.Fatalf("got %d NodeClaims, want one in each round", len(claims))
	}
	for _, nc := range claims {
		if got := nc.Spec.Resources.Requests.Cpu(); got.String() != "4" {
			t.Errorf("NodeClaim %s requests cpu %s, want 2 for the pod and 2 for the daemon", nc.Name, got)
		}
	}
}
