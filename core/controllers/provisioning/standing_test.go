// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster/volume"
)

// DIS-147, SCH-007: nothing is launched for the pods of a node that disruption has
// decided on, until something of it is deleted; other pods get their nodes meanwhile.
func TestNodesThatStillStand(t *testing.T) {
	w := newWorld(t, readyPool("default"))
	w.provider.SetInstanceTypes(fake.NewInstanceType(fake.TypeSpec{Name: "m", CPU: 4, Memory: 16}))
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"},
		Spec:       corev1.NodeSpec{ProviderID: "x://n"}, Status: corev1.NodeStatus{Allocatable: room()},
	}
	w.cluster.UpdateNode(node)
	runs := pendingPod("runs", "3", on("n"))
	w.must(w.client.Create(t.Context(), runs))
	w.cluster.UpdatePod(runs, volume.Resolution{Settled: true})
	expect := func(why string, want int) {
		t.Helper()
		w.must(w.round())
		if got := len(w.nodeClaims()); got != want {
			t.Fatalf("%s: %d NodeClaims, want %d", why, got, want)
		}
	}
	w.cluster.MarkForDeletion("x://n")
	expect("its command has replacements of its own", 0)
	w.must(w.client.Create(t.Context(), pendingPod("waits", "3")))
	expect("a pod that waits", 1)
	gone := node.DeepCopy()
	now := metav1.Now()
	gone.DeletionTimestamp = &now
	w.cluster.UpdateNode(gone)
	expect("the node goes", 2)
}
