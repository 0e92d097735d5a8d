// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-007: a cache behind the controller's own write brings nothing about.
func TestCacheBehindOwnWrite(t *testing.T) {
	tests := map[string]func() (*v1.NodeClaim, *corev1.Node){
		"launched":    func() (*v1.NodeClaim, *corev1.Node) { return fixture.NodeClaim("a"), nil },
		"registered":  func() (*v1.NodeClaim, *corev1.Node) { return joined() },
		"initialized": func() (*v1.NodeClaim, *corev1.Node) { return registeredNode(nil) },
		"going, with a deadline": func() (*v1.NodeClaim, *corev1.Node) {
			nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()), func(n *v1.NodeClaim) {
				n.Spec.TerminationGracePeriod = "1h"
			})
			return nodeClaim, fixture.Node(nodeClaim)
		},
		"going, with its instance": func() (*v1.NodeClaim, *corev1.Node) {
			return fixture.NodeClaim("a", fixture.Launched, fixture.Deleting(time.Now())), nil
		},
	}
	for name, objects := range tests {
		t.Run(name, func(t *testing.T) {
			nodeClaim, node := objects()
			w := setup(t, nodeClaim)
			if node != nil {
				w.Add(node)
			}
			if nodeClaim.Status.ProviderID != "" {
				w.launch(nodeClaim)
			}
			before := w.nodeClaim("a")
			w.pass("a")
			w.Late(before)
			w.Writes.Reset()
			calls, created := len(w.Provider.Calls()), w.Metric("karpenter_nodes_created_total", nil)
			w.Clock.Step(time.Minute)
			w.pass("a")
			if got := w.Writes.Names(); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
			if got := len(w.Provider.Calls()); got != calls {
				t.Errorf("%d more calls of the provider", got-calls)
			}
			if got := w.Metric("karpenter_nodes_created_total", nil); got != created {
				t.Errorf("counted %v nodes, then %v", created, got)
			}
			w.CatchUp()
			w.pass("a")
		})
	}
}

// LIF-007, LIF-072: not even if nothing but the finalizer could be written.
func TestCacheBehindTheFinalizer(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	before := w.nodeClaim("a")
	w.Writes.FailFrom(1, errors.New("no answer"))
	if _, err := w.try("a"); err == nil {
		t.Fatal("the writes did not fail")
	}
	w.Late(before)
	w.Writes.Reset()
	if w.pass("a"); len(w.Writes.Names()) > 0 {
		t.Errorf("wrote %q", w.Writes.Names())
	}
}

// LIF-007, LIF-122, LIF-124: nothing is deleted or let go twice.
func TestCacheBehindTheEnd(t *testing.T) {
	nodeClaim, node := registeredNode(nil)
	w := setup(t, nodeClaim, node)
	w.Delete(w.nodeClaim("a"))
	before := w.node("a")
	w.pass("a")
	w.Late(before)
	w.Writes.Reset()
	w.pass("a")
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("a pass over a Node whose deletion was requested wrote %q", got)
	}
	w.CatchUp()
	left := w.node("a")
	left.Finalizers = nil
	w.Update(left)
	var last *v1.NodeClaim
	w.Writes.Intercept(func(name string) error {
		if name == "patch NodeClaim" {
			last = w.nodeClaim("a")
		}
		return nil
	})
	w.pass("a")
	w.Late(last)
	w.Writes.Reset()
	calls := len(w.Provider.Calls())
	w.Clock.Step(time.Minute)
	if result := w.pass("a"); result.RequeueAfter > 0 || len(w.Writes.Names()) > 0 || len(w.Provider.Calls()) > calls {
		t.Errorf("a pass over a NodeClaim that has gone wrote %q, made %d calls and looks again after %v",
			w.Writes.Names(), len(w.Provider.Calls())-calls, result.RequeueAfter)
	}
}

// LIF-007, LIF-090: what was done to a Node since it was written is not undone,
// whatever it was before.
func TestNodeCacheBehindOwnWrite(t *testing.T) {
	for name, before := range map[string][]corev1.Taint{"as it should join": {v1.UnregisteredTaint()}, "without taint": nil} {
		t.Run(name, func(t *testing.T) {
			nodeClaim, node := joined(func(n *v1.NodeClaim) {
				n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
			})
			node.Spec.Taints = before
			w := setup(t, nodeClaim, node)
			w.halfRegistered()
			stored := w.node("a")
			stored.Spec.Taints = nil // the agent has done its work meanwhile
			w.Update(stored)
			w.pass("a")
			w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
			if got := w.node("a").Spec.Taints; len(got) > 0 {
				t.Errorf("taints are back: %v", got)
			}
		})
	}
}

// halfRegistered makes a pass that writes the Node, which the cache does not show,
// and nothing else.
func (w *world) halfRegistered() {
	w.t.Helper()
	before := w.node("a")
	w.Writes.FailOnce("patch NodeClaim status", errors.New("no answer"))
	if _, err := w.try("a"); err == nil {
		w.t.Fatal("the write did not fail")
	}
	w.Late(before)
}

// LIF-004, LIF-085: a Node that is gone, or whose name is another's, is none, however
// long the cache still shows it.
func TestNodeCacheBehindTheEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		successor func(*corev1.Node)
		known     bool // that the cache is behind
	}{
		"gone":                                    {},
		"gone after a write":                      {known: true},
		"another machine's":                       {successor: func(n *corev1.Node) { n.Spec.ProviderID = "fake://another" }},
		"another machine's, after a write":        {successor: func(n *corev1.Node) { n.Spec.ProviderID = "fake://another" }, known: true},
		"one that has just joined":                {successor: func(*corev1.Node) {}},
		"one that has just joined, after a write": {successor: func(*corev1.Node) {}, known: true},
	} {
		t.Run(name, func(t *testing.T) {
			nodeClaim, node := joined()
			w := setup(t, nodeClaim, node)
			if tt.known {
				w.halfRegistered()
			}
			old := w.node("a")
			if !tt.known {
				w.Late(old)
			}
			old.Finalizers = nil
			w.Update(old)
			w.Delete(old)
			if tt.successor != nil {
				w.Add(fixture.Node(nodeClaim, fixture.Unregistered, func(n *corev1.Node) { n.UID = "successor" }, tt.successor))
			}
			w.pass("a")
			if tt.successor == nil {
				if c := w.condition("a", v1.ConditionTypeRegistered); !c.IsUnknown() {
					t.Errorf("Registered is %s", c.Status)
				}
				return
			}
			ours := w.node("a").Spec.ProviderID == nodeClaim.Status.ProviderID && tt.known // the API server has told of it
			if _, registered := w.node("a").Labels[v1.NodeRegisteredLabelKey]; registered != ours {
				t.Errorf("the Node that has the name is registered: %v, want %v", registered, ours)
			}
		})
	}
}

// LIF-080, LIF-079: a successor of the name has nothing of its predecessor.
func TestSuccessor(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Writes.Intercept(func(name string) error {
		if name == "patch NodeClaim status" {
			return errors.New("no answer")
		}
		return nil
	})
	if _, err := w.try("a"); err == nil {
		t.Fatal("the write did not fail")
	}
	w.Writes.Reset()
	old := w.nodeClaim("a")
	old.Finalizers = nil
	w.Update(old)
	w.Delete(old)
	w.Add(fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.UID = "successor" }))
	w.pass("a")
	created := w.Provider.Calls(fake.Create)
	if len(created) != 2 || created[1].NodeClaim.UID != "successor" {
		t.Fatalf("instances asked for: %v", created)
	}
	if got := w.nodeClaim("a").Status.ProviderID; got == "" || got == fixture.ProviderID("a") {
		t.Errorf("the successor has provider ID %q, which is that of its predecessor or none", got)
	}
}

// LIF-079
func TestSuccessorDoesNotWait(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Provider.FailNext(fake.Create, errors.New("no"))
	w.pass("a")
	old := w.nodeClaim("a")
	old.Finalizers = nil
	w.Update(old)
	w.Delete(old)
	w.Add(fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.UID = "successor" }))
	w.pass("a")
	w.expect("a", v1.ConditionTypeLaunched, "True/Launched")
}

// LIF-124: a provider ID that was stored by another since the NodeClaim was read is
// not lost with the finalizer.
func TestFinalizerWaitsForTheProviderID(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Deleting(time.Now())))
	before := w.nodeClaim("a")
	stored := w.nodeClaim("a")
	created, err := w.Provider.Create(t.Context(), fixture.NodeClaim("a"))
	if err != nil {
		t.Fatal(err)
	}
	stored.Status.ProviderID = created.Status.ProviderID
	w.Update(stored)
	w.Late(before)
	if result := w.pass("a"); result.RequeueAfter == 0 || !slices.Contains(w.nodeClaim("a").Finalizers, v1.TerminationFinalizer) {
		t.Fatal("the instance is orphaned")
	}
	w.CatchUp()
	w.pass("a")
	if _, err := w.Provider.Get(t.Context(), created.Status.ProviderID); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("the instance is there: %v", err)
	}
}

// LIF-122: the Node that was read is deleted, not one that took its name since; that
// it is gone is no error.
func TestNodeGoesByItself(t *testing.T) {
	for name, successor := range map[string]bool{"gone": false, "another has its name": true} {
		t.Run(name, func(t *testing.T) {
			nodeClaim := fixture.NodeClaim("a", fixture.Initialized, fixture.Deleting(time.Now()))
			node := fixture.Node(nodeClaim)
			w := setup(t, nodeClaim, node)
			w.Late(w.node("a"))
			node = fixture.Read(w.World, node)
			node.Finalizers = nil
			w.Update(node)
			w.Delete(node)
			if successor {
				w.Add(fixture.Node(nodeClaim, func(n *corev1.Node) { n.UID, n.Spec.ProviderID = "successor", "fake://another" }))
			}
			w.pass("a")
			if successor && w.node("a").DeletionTimestamp != nil {
				t.Error("the successor is deleted")
			}
			if gone(w) {
				t.Error("the NodeClaim was let go although the cache shows a Node")
			}
		})
	}
}

// LIF-007, LIF-111: a NodeClaim is given up once, and no successor in its place.
func TestGivenUpOnce(t *testing.T) {
	overdue := func(t *testing.T) *world {
		w := setup(t, fixture.NodeClaim("a", fixture.Launched))
		w.pass("a")
		w.Clock.Step(time.Hour)
		w.Late(w.nodeClaim("a"))
		return w
	}
	t.Run("the cache does not show it", func(t *testing.T) {
		w := overdue(t)
		w.pass("a")
		w.pass("a")
		if w.nodeClaim("a").DeletionTimestamp == nil || w.disrupted("registration_timeout") != 1 || w.health.failures != 1 {
			t.Errorf("counted %v times, %d failures", w.disrupted("registration_timeout"), w.health.failures)
		}
	})
	t.Run("another has its name", func(t *testing.T) {
		w := overdue(t)
		old := w.nodeClaim("a")
		old.Finalizers = nil
		w.Update(old)
		w.Delete(old)
		w.Add(fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.UID = "successor" }))
		w.pass("a")
		if w.nodeClaim("a").DeletionTimestamp != nil || w.disrupted("registration_timeout") != 0 || w.health.failures != 0 {
			t.Errorf("the successor is deleted, or counted: %v times", w.disrupted("registration_timeout"))
		}
	})
}
