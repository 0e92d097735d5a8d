// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/volume"
)

// SCH-007, SCH-011, LIF-054: the pods of a Node that is gone get another place at
// once, and one place.
func TestPodsOfANodeThatIsGoneAreServed(t *testing.T) {
	w := newWorld(t, readyPool("default"))
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "claim", UID: "claim", Labels: map[string]string{v1.NodePoolLabelKey: "default"}},
		Spec:       v1.NodeClaimSpec{NodeClassRef: nodeClass},
		Status:     v1.NodeClaimStatus{ProviderID: "x://n", NodeName: "n", Allocatable: room(), Capacity: room()},
	}
	claim.StatusConditions().SetTrue(v1.ConditionTypeRegistered)
	w.cluster.UpdateNodeClaim(claim)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{
			v1.NodePoolLabelKey: "default", v1.NodeRegisteredLabelKey: "true", v1.NodeInitializedLabelKey: "true",
		}},
		Spec: corev1.NodeSpec{ProviderID: "x://n"}, Status: corev1.NodeStatus{Allocatable: room(), Capacity: room()},
	}
	w.cluster.UpdateNode(node)
	for _, pod := range []*corev1.Pod{
		pendingPod("runs", "1", on("n")),
		pendingPod("protected", "2", on("n"), func(p *corev1.Pod) {
			p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"} // nothing protects it from what has happened
		}),
		pendingPod("daemon", "4", on("n"), func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d"}}
		}),
	} {
		w.must(w.client.Create(t.Context(), pod))
		w.cluster.UpdatePod(pod, volume.Resolution{Settled: true})
	}
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 0 {
		t.Fatalf("%d NodeClaims while the Node is there", n)
	}
	w.cluster.DeleteNode("n")
	round, again := w.asked(w.subject.NodeTrigger, node)
	if !round || again != 10*time.Second {
		t.Errorf("asked for a round: %v, again in %v", round, again)
	}
	claims := w.nodeClaims()
	if len(claims) != 1 {
		t.Fatalf("%d NodeClaims, want 1", len(claims))
	}
	if cpu := claims[0].Spec.Resources.Requests[corev1.ResourceCPU]; cpu.Cmp(resource.MustParse("3")) != 0 {
		t.Errorf("replaced %s CPU, want those of the pods that lost their place", cpu.String())
	}
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("LIF-069: %d NodeClaims in the end, want 1", n)
	}
	for _, name := range []string{"runs", "protected", "daemon"} {
		w.cluster.DeletePod(request(pendingPod(name, "1")).NamespacedName)
	}
	if round, again := w.asked(w.subject.NodeTrigger, node); !round || again != 0 {
		t.Errorf("without pods: asked for a round: %v, again in %v", round, again)
	}
}
