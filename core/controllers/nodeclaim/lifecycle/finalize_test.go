// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
)

func gone(w *world) bool { return !fixture.Exists(w.World, fixture.NodeClaim("a")) }

// launch has the provider create the instance of a NodeClaim.
func (w *world) launch(nodeClaim *v1.NodeClaim) {
	w.t.Helper()
	if _, err := w.Provider.Create(w.t.Context(), nodeClaim); err != nil {
		w.t.Fatal(err)
	}
}

// LIF-121
func TestDeadlineIsAnnounced(t *testing.T) {
	at := time.Now().Truncate(time.Second)
	tests := []struct {
		name     string
		grace    v1.Duration
		existing string
		want     string
	}{
		{name: "no grace period, no deadline"},
		{name: "deletion plus grace period", grace: "10m", want: at.Add(10 * time.Minute).Format(time.RFC3339)},
		{name: "no grace at all", grace: "0s", want: at.Format(time.RFC3339)},
		{name: "an existing one is not changed", grace: "10m", existing: "2020-01-01T00:00:00Z", want: "2020-01-01T00:00:00Z"},
		{name: "even one that makes no sense", grace: "10m", existing: "soon", want: "soon"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(at), func(n *v1.NodeClaim) {
				n.Spec.TerminationGracePeriod = tt.grace
				if tt.existing != "" {
					n.Annotations = map[string]string{v1.NodeClaimTerminationTimestampAnnotationKey: tt.existing}
				}
			})
			w := setup(t, nodeClaim, fixture.Node(nodeClaim))
			w.pass("a")
			if got := w.nodeClaim("a").Annotations[v1.NodeClaimTerminationTimestampAnnotationKey]; got != tt.want {
				t.Errorf("deadline %q, want %q", got, tt.want)
			}
			announced := len(w.Recorder.Of("TerminationGracePeriodExpiring")) == 1
			if announced != (tt.want != "" && tt.existing == "") {
				t.Errorf("events %v", w.Recorder.Reasons())
			}
		})
	}
}

// LIF-121
func TestDeadlineConflict(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()), func(n *v1.NodeClaim) {
		n.Spec.TerminationGracePeriod = "1m"
	})
	w := setup(t, nodeClaim, fixture.Node(nodeClaim))
	w.Writes.FailOnce("patch NodeClaim", conflict("nodeclaims"))
	if result := w.pass("a"); result.RequeueAfter == 0 {
		t.Error("a conflict is not tried again")
	}
	if len(w.Recorder.Events()) > 0 || !w.node("a").DeletionTimestamp.IsZero() {
		t.Error("the pass went on without the deadline")
	}
}

// LIF-121, LIF-240: a deadline that somebody has written since the NodeClaim was read stands,
// also once the cache shows it.
func TestDeadlineOfOthersStands(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()), func(n *v1.NodeClaim) {
		n.Spec.TerminationGracePeriod = "10m"
		n.Annotations = map[string]string{v1.NodePoolHashAnnotationKey: "1"}
	})
	w := setup(t, nodeClaim, fixture.Node(nodeClaim))
	w.Late(w.nodeClaim("a"))
	const theirs = "2020-01-01T00:00:00Z"
	hurried := w.nodeClaim("a")
	hurried.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey] = theirs
	w.Update(hurried)
	if result := w.pass("a"); result.RequeueAfter == 0 {
		t.Error("a conflict is not tried again")
	}
	w.CatchUp()
	w.pass("a")
	if got := w.nodeClaim("a").Annotations[v1.NodeClaimTerminationTimestampAnnotationKey]; got != theirs {
		t.Errorf("deadline %q, want %q", got, theirs)
	}
	if w.node("a").DeletionTimestamp.IsZero() {
		t.Error("the pass does not go on")
	}
}

// LIF-122, LIF-178
func TestNodesGoFirst(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()))
	another := fixture.Node(nodeClaim, func(n *corev1.Node) { n.Name, n.UID = "b", "node-b" })
	w := setup(t, nodeClaim, fixture.Node(nodeClaim), another)
	w.launch(nodeClaim)
	w.pass("a")
	if w.node("a").DeletionTimestamp.IsZero() || fixture.Read(w.World, another).DeletionTimestamp.IsZero() {
		t.Error("not all Nodes are deleted")
	}
	w.Writes.Reset()
	w.pass("a")
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("deleted again while waiting: %q", got)
	}
	if calls := w.Provider.Calls(fake.Delete); len(calls) > 0 {
		t.Fatal("the instance was deleted under its Nodes")
	}
	for _, node := range []*corev1.Node{w.node("a"), another} {
		node.Finalizers = nil
		w.Update(node)
	}
	w.pass("a")
	if calls := w.Provider.Calls(fake.Delete); len(calls) != 1 {
		t.Errorf("%d requests to delete the instance once the Nodes are gone", len(calls))
	}
}

// LIF-122, LIF-178: a Node that never registered is not drained.
func TestUnregisteredNodeIsLeft(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Launched, fixture.Deleting(time.Now()))
	w := setup(t, nodeClaim, fixture.Node(nodeClaim, fixture.Unregistered))
	w.launch(nodeClaim)
	w.pass("a")
	if !w.node("a").DeletionTimestamp.IsZero() {
		t.Error("the Node was deleted")
	}
	if len(w.Provider.Calls(fake.Delete)) != 1 {
		t.Error("the instance was not")
	}
}

// LIF-123, LIF-125
func TestInstanceGoes(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()))
	w := setup(t, nodeClaim)
	w.launch(nodeClaim)
	if got := w.pass("a").RequeueAfter; got != 5*time.Second {
		t.Errorf("asked again after %v", got)
	}
	w.expect("a", v1.ConditionTypeInstanceTerminating, "True/InstanceTerminating")
	w.Clock.Step(4 * time.Second)
	if got := w.pass("a").RequeueAfter; got != time.Second || len(w.Provider.Calls(fake.Delete)) != 1 {
		t.Errorf("an event in between asks early: %d calls, next after %v", len(w.Provider.Calls(fake.Delete)), got)
	}
	w.Clock.Step(time.Second)
	w.pass("a")
	if !gone(w) {
		t.Fatal("the NodeClaim is still there")
	}
	pool := map[string]string{"nodepool": fixture.NodePool}
	for _, metric := range []string{
		"karpenter_nodeclaims_terminated_total", "karpenter_nodeclaims_termination_duration_seconds",
		"karpenter_nodeclaims_instance_termination_duration_seconds",
	} {
		if got := w.Metric(metric, pool); got != 1 {
			t.Errorf("%s counted %v", metric, got)
		}
	}
	w.pass("a") // it is gone
}

// LIF-123, CP-323
func TestInstanceStays(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()))
	w := setup(t, nodeClaim)
	boom := errors.New("boom")
	w.Provider.FailNext(fake.Delete, boom)
	if _, err := w.try("a"); !errors.Is(err, boom) {
		t.Errorf("pass: %v", err)
	}
	if gone(w) {
		t.Error("the finalizer was removed although nobody knows of the instance")
	}
}

// LIF-123: nothing launched, nothing to ask for.
func TestNothingLaunched(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Deleting(time.Now())))
	w.pass("a")
	if !gone(w) || len(w.Provider.Calls()) > 0 {
		t.Errorf("gone %v, calls %v", gone(w), w.Provider.Calls())
	}
	if w.Metric("karpenter_nodeclaims_instance_termination_duration_seconds", nil) != 0 {
		t.Error("the end of an instance was measured that never was")
	}
}

// LIF-124: an instance whose ID was never stored is deleted too.
func TestForgottenInstance(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Writes.Intercept(func(name string) error {
		if name == "patch NodeClaim status" {
			return conflict("nodeclaims")
		}
		return nil
	})
	w.pass("a")
	w.Writes.Reset()
	w.Delete(w.nodeClaim("a"))
	w.pass("a")
	calls := w.Provider.Calls(fake.Delete)
	if len(calls) != 1 || calls[0].NodeClaim.Status.ProviderID != fixture.ProviderID("a") {
		t.Fatalf("calls %v", calls)
	}
	if got := w.nodeClaim("a").Status.ProviderID; got != fixture.ProviderID("a") {
		t.Errorf("stored provider ID %q", got)
	}
	w.Clock.Step(5 * time.Second)
	w.pass("a")
	if !gone(w) {
		t.Error("the NodeClaim is still there")
	}
}

// LIF-124: the finalizer does not go on a stale read.
func TestFinalizerConflict(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Deleting(time.Now())))
	w.Writes.FailAll("patch NodeClaim", conflict("nodeclaims"))
	if result := w.pass("a"); result.RequeueAfter == 0 || gone(w) {
		t.Errorf("gone %v, tried again after %v", gone(w), result.RequeueAfter)
	}
	if w.Metric("karpenter_nodeclaims_terminated_total", nil) != 0 {
		t.Error("counted")
	}
}

// LIF-120: somebody else's finalizer is nobody's business here.
func TestForeignFinalizerStays(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Deleting(time.Now()))
	nodeClaim.Finalizers = append(nodeClaim.Finalizers, "example.com/hold")
	w := setup(t, nodeClaim)
	for range 2 {
		w.pass("a")
	}
	if got := w.nodeClaim("a").Finalizers; len(got) != 1 || got[0] != "example.com/hold" {
		t.Errorf("finalizers %v", got)
	}
	if got := w.Metric("karpenter_nodeclaims_terminated_total", nil); got != 1 {
		t.Errorf("counted %v times", got)
	}
}
