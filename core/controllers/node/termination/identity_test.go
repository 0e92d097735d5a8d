// SPDX-License-Identifier: Apache-2.0

package termination_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-007: a cache behind the controller's own writes brings nothing about.
func TestCacheBehindOwnWrite(t *testing.T) {
	t.Run("of the Node", func(t *testing.T) {
		w := leaving(t)
		before := w.node()
		w.pass()
		w.Late(before)
		w.Writes.Reset()
		if after := w.pass(); after != 0 || len(w.Writes.Names()) > 0 {
			t.Errorf("a pass over a version before the taint wrote %q and looks again after %v", w.Writes.Names(), after)
		}
	})
	// LIF-145
	t.Run("of the NodeClaim", func(t *testing.T) {
		w := leaving(t)
		w.pass()
		draining := fixture.Read(w.World, fixture.NodeClaim("a"))
		w.Clock.Step(5 * time.Second)
		w.pass()
		w.Late(draining)
		w.Clock.Step(time.Second)
		w.pass()
		w.expect(v1.ConditionTypeDrained, "True/Drained")
		if got := w.Metric("karpenter_nodes_drained_total", nil); got != 1 {
			t.Errorf("drained %v times", got)
		}
	})
}

// LIF-004: whoever else writes the Node at the same time fails nothing.
func TestForeignWrites(t *testing.T) {
	w := leaving(t)
	for range 3 {
		cached := w.node()
		other := w.node()
		other.Annotations = map[string]string{"example.com/beat": time.Now().String()}
		other.Labels["example.com/agent"] = "x"
		w.Update(other)
		nodeClaim := fixture.Read(w.World, fixture.NodeClaim("a"))
		stale := nodeClaim.DeepCopy()
		nodeClaim.Annotations = other.Annotations
		w.Update(nodeClaim)
		w.Late(cached, stale)
		w.pass()
		w.CatchUp()
		w.Clock.Step(5 * time.Second)
	}
	if !w.gone() {
		t.Errorf("the Node is still there: %+v", w.node())
	}
	for _, name := range w.Writes.Names() {
		t.Log(name)
	}
	if got := len(w.Writes.Names()); got > 5 { // taint, Draining, Drained and on, finalizer
		t.Errorf("%d writes", got)
	}
}

// LIF-131: the NodeClaim that was read is deleted, not one that took its name.
func TestSuccessorOfTheOwner(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	w := setup(t, nodeClaim, leavingNode())
	w.Late(fixture.Read(w.World, fixture.NodeClaim("a")))
	old := fixture.Read(w.World, fixture.NodeClaim("a"))
	old.Finalizers = nil
	w.Update(old)
	w.Delete(old)
	w.Add(fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) { n.UID = "successor" }))
	w.pass()
	if got := fixture.Read(w.World, fixture.NodeClaim("a")); got.DeletionTimestamp != nil {
		t.Error("the successor is deleted")
	}
}

// LIF-176: the finalizer of a successor is its own.
func TestSuccessorOfTheNode(t *testing.T) {
	w := leaving(t)
	w.passes()
	w.Late(w.node())
	old := w.node()
	old.Finalizers = nil
	w.Update(old)
	w.Add(leavingNode(func(n *corev1.Node) { n.UID, n.DeletionTimestamp = "successor", nil }))
	w.Clock.Step(5 * time.Second)
	w.pass()
	if got := w.node(); len(got.Finalizers) != 1 || len(got.Spec.Taints) > 0 {
		t.Errorf("the successor has finalizers %v and taints %v", got.Finalizers, got.Spec.Taints)
	}
}
