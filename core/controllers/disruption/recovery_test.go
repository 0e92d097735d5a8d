// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// DIS-133, DIS-134, DIS-135, DIS-136: wherever the process dies while it replaces a
// node, the next one ends up with the node gone and one machine in its place.
func TestCrashesWhileReplacing(t *testing.T) {
	errCrash := errors.New("crash")
	for _, test := range []struct {
		why string
		// arm says what the process dies of; it never gets further.
		arm func(w *world)
		// after is what it leaves on the node, and launched what it leaves beside it.
		after    state
		launched int
	}{
		{"tainted, without the condition", func(w *world) { w.dieAfterTaint(errCrash) }, state{tainted: true}, 0},
		{"cordoned, nothing created", func(w *world) {
			w.faults.Create = func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				w.dieAtOnce(errCrash)
				return errCrash
			}
		}, cordoned, 0},
		{"created, without an answer", func(w *world) {
			w.faults.Create = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				w.dieAtOnce(errCrash)
				_ = c.Create(ctx, o, opts...)
				return errCrash
			}
		}, cordoned, 1},
		{"waiting", func(*world) {}, cordoned, 1},
		{"launched", func(w *world) {
			w.mustPass()
			w.launch(w.replacements()[0].Name)
		}, cordoned, 1},
		{"in service, nothing deleted", func(w *world) {
			w.mustPass()
			w.initialize(w.replacements()[0].Name)
			w.faults.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error { return errCrash }
			_ = w.queue()
		}, cordoned, 1},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := swapping(t, swap{}, "old")
			test.arm(w)
			_, _ = w.pass()
			w.expect("old", test.after)
			if n := len(w.replacements()); n != test.launched {
				t.Fatalf("%d replacements", n)
			}

			w.faults.Create, w.faults.Patch, w.faults.SubResourcePatch, w.faults.Delete = nil, nil, nil, nil
			w.restart()
			w.mustPass()
			w.expect("old", untouched)
			for range 3 {
				w.mustPass()
				for _, r := range w.replacements() {
					w.serve(r)
				}
				w.mustQueue()
			}
			w.expect("old", goes)
			if n := len(w.replacements()); n != 1 {
				t.Errorf("%d machines in the place of one", n)
			}
		})
	}
}

// dieAtOnce lets every later write fail.
func (w *world) dieAtOnce(err error) {
	w.faults.Patch = func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
		return err
	}
	w.faults.SubResourcePatch = func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
		return err
	}
	w.faults.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error { return err }
}

// serve brings a replacement into service, whatever stage it is at.
func (w *world) serve(r v1.NodeClaim) {
	w.t.Helper()
	if r.Status.ProviderID == "" {
		w.launch(r.Name)
	}
	w.finish(r.Name)
}

// DIS-136: of a command that deleted some of its nodes the others are decided anew,
// with the room that there is.
func TestCrashBetweenDeletionsWhileReplacing(t *testing.T) {
	w := started(t, swap{together: true}, "old-a", "old-b")
	for _, r := range w.replacements() {
		w.initialize(r.Name)
	}
	w.faults.Delete = answer("old-b", errors.New("crash"))
	_ = w.queue()
	w.faults.Delete = nil
	w.restart()
	w.mustPass()
	w.expect("old-a", goes)
	w.expect("old-b", untouched)
	for range 3 {
		w.mustPass()
		w.mustQueue()
	}
	w.expect("old-b", goes)
	if n := len(w.replacements()); n != 2 {
		t.Errorf("%d replacements, want those of the first command", n)
	}
}

// DIS-022: while the pods of a NodeClaim are not known nothing is moved.
func TestNothingIsMovedWhileUnsynced(t *testing.T) {
	inherited := func(w *world) {
		claim := w.objects("inherited", "p")[1].(*v1.NodeClaim)
		claim.Status, claim.CreationTimestamp.Time = v1.NodeClaimStatus{}, w.clock.Now()
		w.create(claim)
	}
	t.Run("of what was decided", func(t *testing.T) {
		w := swapping(t, swap{}, "old")
		inherited(w)
		w.mustPass()
		w.mustPass()
		w.failed("old")
	})
	t.Run("then it goes on", func(t *testing.T) {
		w := swapping(t, swap{}, "old")
		inherited(w)
		w.mustPass()
		w.gone("inherited")
		w.clock.Step(time.Second)
		w.mustPass()
		w.expect("old", cordoned)
	})
}
