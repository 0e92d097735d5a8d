// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"fmt"
	"testing"
	"time"

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

// DIS-147, SCH-017: nor ahead of the round.
func TestNodesThatStillStandGetNoneAhead(t *testing.T) {
	w := newWindow(t)
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"},
		Spec:       corev1.NodeSpec{ProviderID: "x://n"}, Status: corev1.NodeStatus{Allocatable: room()},
	})
	for i := range 31 { // as many as fill a machine
		pod := pendingPod(fmt.Sprint("runs-", i), "1", on("n"))
		w.must(w.client.Create(t.Context(), pod))
		w.cluster.UpdatePod(pod, volume.Resolution{Settled: true})
	}
	w.cluster.MarkForDeletion("x://n")
	w.subject.Trigger("n")
	w.must(w.after(200 * time.Millisecond))
	w.expect()
	w.must(w.after(time.Second))
	w.expect()
}
