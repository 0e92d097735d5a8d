// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
)

// DIS-023, DIS-134
func TestOrphansAreCleanedUp(t *testing.T) {
	tainted := func(n *corev1.Node, _ *v1.NodeClaim) {
		n.Spec.Taints = []corev1.Taint{v1.DisruptedTaint(), {Key: "user", Effect: corev1.TaintEffectNoSchedule}}
	}
	reasoned := func(_ *corev1.Node, c *v1.NodeClaim) {
		c.StatusConditions().SetTrueWithReason(v1.ConditionTypeDisruptionReason, "Empty", "Empty")
	}
	w := newWorld(t)
	w.create(pool("p", budget("0")))
	w.machine("tainted", "p", tainted)
	w.machine("reasoned", "p", reasoned)
	w.machine("both", "p", tainted, reasoned)
	w.machine("other-effect", "p", func(n *corev1.Node, _ *v1.NodeClaim) {
		n.Spec.Taints = []corev1.Taint{{Key: v1.DisruptedTaintKey, Effect: corev1.TaintEffectNoExecute}}
	})
	w.machine("going", "p", tainted, reasoned)
	w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("going")})
	w.machine("node-going", "p", tainted, func(n *corev1.Node, _ *v1.NodeClaim) { n.Finalizers = []string{v1.TerminationFinalizer} })
	w.delete(&corev1.Node{ObjectMeta: objectMeta("node-going")})
	w.machine("alone", "p", tainted)
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta("alone")}, func(c *v1.NodeClaim) { c.Finalizers = nil })
	w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("alone")})

	w.restart()
	w.mustPass()
	w.expect("tainted", untouched)
	w.expect("reasoned", untouched)
	w.expect("both", untouched)
	w.expect("going", goes)
	w.expect("node-going", state{tainted: true}) // DIS-120
	w.expect("alone", state{tainted: true})      // without a NodeClaim it is not ours
	var node corev1.Node
	for name, want := range map[string]int{"tainted": 1, "both": 1, "other-effect": 1} {
		if err := w.api.Get(w.ctx, client.ObjectKey{Name: name}, &node); err != nil {
			t.Fatal(err)
		}
		if len(node.Spec.Taints) != want {
			t.Errorf("%s has the taints %v", name, node.Spec.Taints)
		}
	}
}

// DIS-023: tried again in every pass, and it stops nothing else (DIS-024).
func TestCleanUpIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p", func(n *corev1.Node, _ *v1.NodeClaim) { n.Spec.Taints = []corev1.Taint{v1.DisruptedTaint()} })
	w.create(pod("web", "a"))
	w.machine("b", "p")
	w.failPatches("a", errors.New("no answer"))
	if _, err := w.pass(); err == nil {
		t.Error("the failure was swallowed")
	}
	w.clock.Step(validationWait)
	if _, err := w.pass(); err == nil {
		t.Error("the failure was swallowed")
	}
	w.expect("a", state{tainted: true})
	w.expect("b", cordoned)
	w.faults.Patch = nil
	w.mustPass()
	w.expect("a", untouched)
}

// DIS-133, DIS-134, DIS-136, LIF-272: wherever the process dies, the next one ends up with
// the empty nodes gone and the others untouched.
func TestCrashes(t *testing.T) {
	errCrash := errors.New("crash")
	for _, test := range []struct {
		why string
		// arm says what the process dies of; it never gets further.
		arm func(w *world)
		// after is what it leaves behind.
		after state
	}{
		{"before anything is written", func(w *world) {
			w.faults.Patch = func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return errCrash
			}
			w.faults.SubResourcePatch = func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
				return errCrash
			}
		}, untouched},
		{"tainted, without the condition", func(w *world) {
			w.dieAfterTaint(errCrash)
		}, state{tainted: true}},
		{"started, nothing deleted", func(w *world) {
			w.faults.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
				return errCrash
			}
		}, cordoned},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			w.create(pool("p"))
			w.machine("a", "p")
			w.machine("busy", "p")
			w.create(pod("web", "busy"))
			w.propose()
			test.arm(w)
			_, _ = w.pass()
			_ = w.queue()
			w.expect("a", test.after)

			w.faults.Patch, w.faults.SubResourcePatch, w.faults.Delete = nil, nil, nil
			w.restart()
			w.mustPass()
			w.expect("a", untouched)
			w.disrupt()
			w.expect("a", goes)
			w.expect("busy", untouched)
		})
	}
}

// DIS-136: what is left of a command is decided anew.
func TestCrashBetweenDeletions(t *testing.T) {
	w := queued(t, "a", "b")
	w.faults.Delete = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
		if o.GetName() == "b" {
			return errors.New("crash")
		}
		return c.Delete(ctx, o, opts...)
	}
	_ = w.queue()
	w.faults.Delete = nil
	w.create(pod("web", "b")) // by now it is needed
	w.restart()
	w.mustPass()
	w.expect("a", goes)
	w.expect("b", untouched)
	w.disrupt()
	w.expect("b", untouched)
}

// DIS-135: what a lost command has launched takes the pods. It is not given up as empty
// meanwhile, and not launched again.
func TestReplacementsOfLostCommandsAreUsed(t *testing.T) {
	w := started(t, swap{}, "old")
	r := w.replacements()[0]
	w.initialize(r.Name)
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta(r.Name)}, func(c *v1.NodeClaim) {
		c.StatusConditions().SetTrue(v1.ConditionTypeConsolidatable)
	})
	w.methods = []disrupt.Method{disrupt.Emptiness{}, swap{}}
	w.restart()
	w.propose()
	w.mustPass()
	w.mustQueue()
	w.expect("old", goes)
	w.expect(r.Name, untouched)
	if n := len(w.replacements()); n != 1 {
		t.Errorf("%d replacements", n)
	}
}
