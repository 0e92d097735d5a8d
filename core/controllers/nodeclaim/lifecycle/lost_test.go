// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/events"
)

// lost returns a world with an initialized NodeClaim whose instance, if any, the
// provider launched, and whose Node has vanished.
func lost(t *testing.T, instance bool) *world {
	t.Helper()
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	w := setup(t)
	if instance {
		created, err := w.Provider.Create(t.Context(), nodeClaim)
		if err != nil {
			t.Fatal(err)
		}
		nodeClaim.Status.ProviderID = created.Status.ProviderID
	}
	w.Add(nodeClaim)
	w.Update(nodeClaim)
	return w
}

func (w *world) deleted(name string) bool {
	return !fixture.Exists(w.World, &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}) || w.nodeClaim(name).DeletionTimestamp != nil
}

// LIF-092, OPS-329: the instance is looked for when the Node is seen to be gone.
func TestNodeLost(t *testing.T) {
	t.Run("with its instance", func(t *testing.T) {
		w := lost(t, false)
		w.pass("a")
		if !w.deleted("a") {
			t.Fatal("a NodeClaim without Node and instance is kept")
		}
		if got := w.Recorder.Of("NodeLost"); len(got) != 1 || !strings.Contains(got[0].Message, "does not exist") {
			t.Errorf("told %+v", got)
		}
		if got := w.Metric("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": "garbage_collected"}); got != 1 {
			t.Errorf("counted %v", got)
		}
	})
	// CP-027
	t.Run("with an ID of another cloud", func(t *testing.T) {
		w := lost(t, true)
		foreign := w.nodeClaim("a")
		foreign.Status.ProviderID = "Provider:///AZ/i-01234567890123456"
		w.Update(foreign)
		w.pass("a")
		if !w.deleted("a") {
			t.Fatal("kept, though no instance can have the ID")
		}
		if got := w.Recorder.Of("NodeLost"); len(got) != 1 || !strings.Contains(got[0].Message, "i-01234567890123456") {
			t.Errorf("told %+v", got)
		}
	})
	t.Run("while its instance runs", func(t *testing.T) {
		w := lost(t, true)
		w.Clock.Step(24 * time.Hour) // however old it is
		result := w.pass("a")
		w.expect("a", v1.ConditionTypeInitialized, "False/NodeNotFound")
		w.expect("a", "Ready", "False/UnhealthyDependents")
		until := w.Clock.Now().Add(5 * time.Minute).UTC().Format(time.RFC3339)
		if got := w.Recorder.Of("NodeLost"); len(got) != 1 || got[0].Type != events.Warning || !strings.Contains(got[0].Message, until) {
			t.Errorf("told %+v, not until %s", got, until)
		}
		if result.RequeueAfter != 30*time.Second || w.deleted("a") {
			t.Errorf("looked at again after %v; deleted: %v", result.RequeueAfter, w.deleted("a"))
		}
		for range 5 { // whatever wakes it
			w.pass("a")
		}
		if got := len(w.Provider.Calls(fake.Get)); got != 1 {
			t.Errorf("the provider was asked %d times within half a minute", got)
		}
		w.Clock.Step(5*time.Minute - time.Second)
		if w.pass("a"); w.deleted("a") {
			t.Error("given up too soon")
		}
		w.Clock.Step(time.Second)
		if w.pass("a"); !w.deleted("a") {
			t.Error("kept for as long as the instance runs")
		}
	})
	t.Run("and its instance is terminating", func(t *testing.T) {
		w := lost(t, true)
		if err := w.Provider.Delete(t.Context(), w.nodeClaim("a")); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
			t.Fatal(err)
		}
		if w.pass("a"); !w.deleted("a") {
			t.Error("kept, though no kubelet will bring the Node back")
		}
	})
	t.Run("and nobody can tell", func(t *testing.T) {
		w := lost(t, true)
		w.Provider.FailAlways(fake.Get, errors.New("throttled"))
		if _, err := w.try("a"); err == nil || w.deleted("a") {
			t.Errorf("the pass ended with %v; deleted: %v", err, w.deleted("a"))
		}
		w.expect("a", v1.ConditionTypeInitialized, "False/NodeNotFound")
	})
	t.Run("because its NodeClaim was deleted, which the cache does not show yet", func(t *testing.T) {
		w := lost(t, false)
		w.Late(w.nodeClaim("a"))
		w.Delete(w.nodeClaim("a"))
		w.pass("a")
		if got := w.Metric("karpenter_nodeclaims_disrupted_total", nil); got != 0 || len(w.Recorder.Of("NodeLost")) > 0 {
			t.Errorf("counted %v, told %+v", got, w.Recorder.Of("NodeLost"))
		}
	})
}

// LIF-091, LIF-092
func TestLostNodeComesBack(t *testing.T) {
	w := lost(t, true)
	w.pass("a")
	node := fixture.Node(w.nodeClaim("a"), fixture.Unregistered)
	fixture.SetReady(node, corev1.ConditionTrue)
	w.Add(node)
	w.Clock.Step(time.Minute)
	w.pass("a")
	w.expect("a", v1.ConditionTypeInitialized, "True/Initialized")
	w.expect("a", "Ready", "True/Ready")
	w.Clock.Step(time.Hour)
	if w.pass("a"); w.deleted("a") {
		t.Error("given up, though the Node is back")
	}
}

// LIF-093, OPS-326
func TestRegistrationIsKept(t *testing.T) {
	team := taint("example.com/team", "", "NoSchedule")
	tests := []struct {
		name   string
		undo   func(*corev1.Node)
		told   bool
		writes []string
	}{
		{name: "nothing is wrong", undo: func(*corev1.Node) {}},
		{name: "the taint is back", undo: func(n *corev1.Node) { n.Spec.Taints = append(n.Spec.Taints, v1.UnregisteredTaint()) }, told: true, writes: []string{"patch Node"}},
		{name: "the taint is back beside others", undo: func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{v1.UnregisteredTaint(), team} }, told: true, writes: []string{"patch Node"}},
		{name: "the finalizer is lost", undo: func(n *corev1.Node) { n.Finalizers = nil }, writes: []string{"patch Node"}},
		{name: "the owner is lost", undo: func(n *corev1.Node) { n.OwnerReferences = nil }, writes: []string{"patch Node"}},
		{name: "labels and taints are the user's", undo: func(n *corev1.Node) { delete(n.Labels, corev1.LabelTopologyZone); n.Spec.Taints = []corev1.Taint{team} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim, node := joined()
			w := setup(t, nodeClaim, node)
			w.pass("a")
			undone := w.node("a")
			want := undone.DeepCopy()
			tt.undo(undone)
			w.Update(undone)
			w.Writes.Reset()
			w.pass("a")
			got := w.node("a")
			if slices.ContainsFunc(got.Spec.Taints, func(x corev1.Taint) bool { return x.Key == v1.UnregisteredTaintKey }) {
				t.Errorf("taints are %v", got.Spec.Taints)
			}
			if slices.Contains(undone.Spec.Taints, team) && !slices.Contains(got.Spec.Taints, team) {
				t.Error("somebody else's taint is lost")
			}
			if !slices.Equal(got.Finalizers, want.Finalizers) || len(got.OwnerReferences) != len(want.OwnerReferences) {
				t.Errorf("finalizers %v, owners %v", got.Finalizers, got.OwnerReferences)
			}
			told := w.Recorder.Of("UnregisteredTaintReturned")
			if (len(told) == 1) != tt.told || tt.told && (told[0].Type != events.Warning || !strings.Contains(told[0].Message, "node "+node.Name)) {
				t.Errorf("told %+v", told)
			}
			if writes := w.Writes.Names(); !slices.Equal(writes, tt.writes) {
				t.Errorf("wrote %q, want %q", writes, tt.writes)
			}
		})
	}
}
