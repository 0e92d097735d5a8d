// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// marked tells whether the model has the node marked for deletion.
func (w *world) marked(name string) bool {
	n := w.cluster.Snapshot().Node("test://" + name)
	return n != nil && n.MarkedForDeletion()
}

// failPatches lets the writes on Nodes of a name fail.
func (w *world) failPatches(name string, err error) {
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		if o.GetName() == name {
			return err
		}
		return c.Patch(ctx, o, p, opts...)
	}
}

// DIS-121
func TestNodesThatCannotBeTaintedDropOut(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.machine("b", "p")
	w.propose()
	w.failPatches("a", errors.New("admission denied"))
	w.mustPass()
	w.expect("a", untouched) // the condition that was set is rolled back
	w.expect("b", cordoned)
	if w.marked("a") || !w.marked("b") {
		t.Errorf("marked: a %v, b %v", w.marked("a"), w.marked("b"))
	}
	if logs := w.logs.String(); !strings.Contains(logs, "admission denied") {
		t.Errorf("logs: %s", logs)
	}
	w.faults.Patch = nil
	w.disrupt() // it is found again
	w.expect("a", goes)
}

// DIS-121, DIS-025
func TestCommandOfWhichNothingIsLeft(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	w.failPatches("a", errors.New("admission denied"))
	if _, err := w.pass(); err == nil || !strings.Contains(err.Error(), "admission denied") {
		t.Errorf("the pass returned %v", err)
	}
	w.expect("a", untouched)
	if w.marked("a") || len(w.loop.Queue().Commands()) != 0 {
		t.Error("the command goes on")
	}
	if got := w.counter("karpenter_voluntary_disruption_decisions_total"); got != 0 { // OPS-137
		t.Errorf("%v decisions counted", got)
	}
}

// DIS-119: marking follows the writes, and queueing follows marking; DIS-147:
// until then provisioning sees nothing to move.
func TestOrderOfTheStart(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	var steps []string
	note := func(step string) {
		steps = append(steps, step)
		if w.marked("a") || len(w.loop.Queue().Commands()) > 0 {
			t.Errorf("marked or queued before %s", step)
		}
	}
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		note("taint")
		return c.Patch(ctx, o, p, opts...)
	}
	w.mustPass()
	if !slices.Equal(steps, []string{"taint"}) || !w.marked("a") || len(w.loop.Queue().Commands()) != 1 {
		t.Errorf("steps %v, marked %v, %d commands", steps, w.marked("a"), len(w.loop.Queue().Commands()))
	}
}

// DIS-032: protected between the last look and the taint.
func TestProtectedAtTheLastMoment(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	interfered := false
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		if !interfered {
			interfered = true
			var node corev1.Node
			if err := c.Get(ctx, client.ObjectKey{Name: "a"}, &node); err != nil {
				return err
			}
			node.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
			if err := c.Update(ctx, &node); err != nil {
				return err
			}
		}
		return c.Patch(ctx, o, p, opts...)
	}
	w.mustPass()
	w.expect("a", untouched)
	if got := w.messages("DisruptionBlocked"); len(got) != 2 {
		t.Errorf("events: %v", got)
	}
}

// DIS-120: presence is judged by key and effect.
func TestTaintIsNotAddedTwice(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	var node corev1.Node
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		t.Errorf("%T %s was written", o, o.GetName())
		return c.Patch(ctx, o, p, opts...)
	}
	// Tainted after the clean-up of the pass: the model does not know yet.
	w.faults.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*v1.NodePoolList); ok {
			if err := c.Get(ctx, client.ObjectKey{Name: "a"}, &node); err != nil {
				return err
			}
			node.Spec.Taints = []corev1.Taint{{Key: v1.DisruptedTaintKey, Effect: corev1.TaintEffectNoSchedule, Value: "by hand"}}
			if err := c.Update(ctx, &node); err != nil {
				return err
			}
		}
		return c.List(ctx, list, opts...)
	}
	w.mustPass()
	if len(w.loop.Queue().Commands()) != 1 {
		t.Error("the command was not started")
	}
}
