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

// LIF-131: the NodeClaim that was read is deleted, not one that took its name; the
// Node goes on as one without.
func TestOwnerGoesByItself(t *testing.T) {
	for name, tt := range map[string]struct {
		change          func(*v1.NodeClaim)
		seen, successor bool // seen: an earlier pass wrote it
	}{
		"gone":                               {change: fixture.Initialized},
		"another has its name":               {change: fixture.Initialized, successor: true},
		"another has it since the last pass": {change: func(n *v1.NodeClaim) { leavingNodeClaim().DeepCopyInto(n) }, seen: true, successor: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a", tt.change), leavingNode())
			old := fixture.Read(w.World, fixture.NodeClaim("a"))
			w.Late(old)
			if tt.seen {
				w.pass()
				old = fixture.Read(w.World, fixture.NodeClaim("a"))
			}
			old.Finalizers = nil
			w.Update(old)
			if !tt.seen {
				w.Delete(old)
			}
			if tt.successor {
				w.Add(fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) { n.UID = "successor" }))
			}
			w.Clock.Step(5 * time.Second)
			w.passes()
			if tt.successor && fixture.Read(w.World, fixture.NodeClaim("a")).DeletionTimestamp != nil {
				t.Error("the successor is deleted")
			}
			if !w.gone() {
				t.Error("the Node waits for a NodeClaim that it does not have")
			}
		})
	}
}

// LIF-004, LIF-176: a NodeClaim that ended while the cache still shows it going is no
// error; the Node goes on as soon as the cache knows.
func TestOwnerEndsFirst(t *testing.T) {
	w := leaving(t)
	old := fixture.Read(w.World, fixture.NodeClaim("a"))
	w.Late(old)
	old.Finalizers = nil
	w.Update(old)
	if after := w.pass(); after == 0 {
		t.Error("not looked at again")
	}
	w.CatchUp()
	w.Clock.Step(5 * time.Second)
	if w.passes(); !w.gone() {
		t.Error("the Node is still there")
	}
}

// LIF-004, LIF-005: a condition that another has written since stays, and what the
// pass reached is written beside it.
func TestConditionsOfOthersStay(t *testing.T) {
	w := leaving(t)
	done := false
	w.Writes.Intercept(func(name string) error {
		if name != "patch NodeClaim status" || done {
			return nil
		}
		done = true
		other := fixture.Read(w.World, fixture.NodeClaim("a"))
		other.StatusConditions().SetTrue(v1.ConditionTypeDrifted)
		w.Update(other)
		return conflict("nodeclaims")
	})
	w.pass()
	w.expect(v1.ConditionTypeDrifted, "True/Drifted")
	if w.condition(v1.ConditionTypeDrained) == "" {
		t.Error("what the pass reached is lost")
	}
}

// LIF-007, LIF-177: a Node that was let go is not let go again while the cache still
// shows it; when it is gone, its pods are forgotten.
func TestCacheBehindTheEnd(t *testing.T) {
	w := leaving(t)
	var last *corev1.Node
	w.Writes.Intercept(func(name string) error {
		if name == "patch Node" {
			last = w.node()
		}
		return nil
	})
	for i := 0; !w.gone(); i++ {
		if i == 10 {
			t.Fatal("the Node is still there")
		}
		w.pass()
		w.Clock.Step(5 * time.Second)
	}
	w.Late(last)
	w.Writes.Reset()
	if after := w.pass(); after != 0 || len(w.Writes.Names()) > 0 {
		t.Errorf("wrote %q and looks again after %v", w.Writes.Names(), after)
	}
	w.CatchUp()
	w.evictor.abandoned = nil
	w.pass()
	if len(w.evictor.abandoned) != 1 {
		t.Errorf("abandoned are %q", w.evictor.abandoned)
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
