// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-080, LIF-081, LIF-070
func TestLaunch(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.pass("a")
	got := w.nodeClaim("a")
	if got.Status.ProviderID != fixture.ProviderID("a") || got.Status.ImageID == "" ||
		got.Status.Capacity.Cpu().IsZero() || got.Status.Allocatable.Cpu().IsZero() {
		t.Errorf("the instance is not described: %+v", got.Status)
	}
	for _, key := range []string{corev1.LabelInstanceTypeStable, corev1.LabelTopologyZone, v1.CapacityTypeLabelKey} {
		if got.Labels[key] == "" {
			t.Errorf("label %s is missing", key)
		}
	}
	w.expect("a", v1.ConditionTypeLaunched, "True/Launched")
	w.expect("a", v1.ConditionTypeRegistered, "Unknown/NodeNotFound")
	w.expect("a", v1.ConditionTypeInitialized, "Unknown/AwaitingReconciliation")
	w.expect("a", "Ready", "Unknown/ReconcilingDependents")
	if c := w.condition("a", v1.ConditionTypeInitialized); !c.LastTransitionTime.Equal(&got.CreationTimestamp) {
		t.Errorf("Initialized began at %v, want the creation at %v", c.LastTransitionTime, got.CreationTimestamp)
	}
	if c := w.condition("a", v1.ConditionTypeLaunched); c.Message != "" {
		t.Errorf("a True condition has message %q", c.Message)
	}
}

// LIF-071: finalizer, labels, status; and nothing when nothing has changed.
func TestWritesAreFew(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.pass("a")
	want := []string{"patch NodeClaim", "patch NodeClaim", "patch NodeClaim status"}
	if got := w.Writes.Names(); !slices.Equal(got, want) {
		t.Errorf("launch wrote %q, want %q", got, want)
	}
	w.Writes.Reset()
	for range 3 {
		w.pass("a")
	}
	if got := w.Writes.Names(); len(got) != 0 {
		t.Errorf("passes without news wrote %q", got)
	}
}

// LIF-001, CP-302
func TestUnmanagedIsLeftAlone(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Kind = "EC2NodeClass" }))
	w.pass("a")
	if len(w.Writes.Names()) > 0 || len(w.Provider.Calls()) > 0 {
		t.Errorf("writes %q, calls %v", w.Writes.Names(), w.Provider.Calls())
	}
}

// LIF-001
func TestStandaloneIsLaunched(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", func(n *v1.NodeClaim) { delete(n.Labels, v1.NodePoolLabelKey) }))
	w.pass("a")
	w.expect("a", v1.ConditionTypeLaunched, "True/Launched")
}

// LIF-072, API-143
func TestFinalizerComesFirst(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Writes.FailOnce("patch NodeClaim", conflict("nodeclaims"))
	if result := w.pass("a"); result.RequeueAfter == 0 {
		t.Error("a conflict is not tried again")
	}
	if calls := w.Provider.Calls(fake.Create); len(calls) > 0 {
		t.Fatal("an instance was created for a NodeClaim without finalizer")
	}
	w.pass("a")
	created := w.Provider.Calls(fake.Create)
	if len(created) != 1 || !controllerutil.ContainsFinalizer(created[0].NodeClaim, v1.TerminationFinalizer) {
		t.Errorf("created %d instances", len(created))
	}
}

// LIF-080, LIF-007: one instance, however often its status cannot be stored.
func TestCreateIsNotRepeated(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Writes.Intercept(func(name string) error {
		if name == "patch NodeClaim status" {
			return conflict("nodeclaims")
		}
		return nil
	})
	for range 3 {
		w.pass("a")
	}
	w.Writes.Reset()
	w.pass("a")
	if got := len(w.Provider.Calls(fake.Create)); got != 1 {
		t.Errorf("%d instances were asked for", got)
	}
	w.expect("a", v1.ConditionTypeLaunched, "True/Launched")
}

// LIF-080: the memory of a creation ends after an hour.
func TestCreateIsForgotten(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Writes.FailOnce("patch NodeClaim status", conflict("nodeclaims"))
	w.pass("a")
	w.Clock.Step(time.Hour + time.Second)
	w.pass("a")
	if got := len(w.Provider.Calls(fake.Create)); got != 2 {
		t.Errorf("%d instances were asked for, want a second after an hour", got)
	}
}

// LIF-083, LIF-113, OPS-175, OPS-176
func TestHopelessLaunch(t *testing.T) {
	cause := errors.New("nothing left")
	tests := []struct {
		name          string
		err           error
		event, reason string
	}{
		{"no capacity", cloudprovider.NewInsufficientCapacityError(cause), "InsufficientCapacityError", "insufficient_capacity"},
		{"through wrapping", fmt.Errorf("launching: %w", cloudprovider.NewInsufficientCapacityError(cause)), "InsufficientCapacityError", "insufficient_capacity"},
		{"node class not ready", cloudprovider.NewNodeClassNotReadyError(cause), "NodeClassNotReady", "nodeclass_not_ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a"))
			w.Provider.FailNext(fake.Create, tt.err)
			w.pass("a")
			if w.nodeClaim("a").DeletionTimestamp.IsZero() {
				t.Error("the NodeClaim was not deleted")
			}
			if events := w.Recorder.Of(tt.event); len(events) != 1 || events[0].Type != corev1.EventTypeWarning ||
				!strings.Contains(events[0].Message, "nothing left") || !slices.Contains(events[0].DedupeValues, string(w.nodeClaim("a").UID)) {
				t.Errorf("events %v", w.Recorder.Events())
			}
			labels := map[string]string{
				"reason": tt.reason, "nodepool": fixture.NodePool, "capacity_type": "",
				"consolidation_policy": "", "termination_mode": "graceful",
			}
			if got := w.Metric("karpenter_nodeclaims_disrupted_total", labels); got != 1 {
				t.Errorf("counted %v times", got)
			}
			w.pass("a")
			if fixture.Exists(w.World, fixture.NodeClaim("a")) {
				t.Error("the NodeClaim without instance does not go")
			}
			if w.health.failures > 0 {
				t.Error("LIF-230: no capacity says nothing about the health of the pool")
			}
		})
	}
}

// LIF-079: somebody else's deletion is not counted.
func TestHopelessLaunchOfNothing(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.provider = scripted{w.Provider, func(nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
		w.Delete(nodeClaim)
		stored := w.nodeClaim("a")
		stored.Finalizers = nil
		w.Update(stored)
		return nil, cloudprovider.NewInsufficientCapacityError(errors.New("none"))
	}}
	w.restart()
	w.Writes.Intercept(nil)
	if _, err := w.try("a"); err != nil {
		t.Errorf("a NodeClaim that is gone is an error: %v", err)
	}
	if got := w.disrupted("insufficient_capacity"); got != 0 {
		t.Errorf("counted %v times", got)
	}
}

// LIF-083, LIF-084, API-120
func TestFailedLaunch(t *testing.T) {
	long := strings.Repeat("x", 299) + "é and more"
	tests := []struct {
		name            string
		err             error
		reason, message string
	}{
		{"with reason and message", cloudprovider.NewCreateError(errors.New("cause"), "QuotaExceeded", "no quota"), "QuotaExceeded", "no quota"},
		{"without", errors.New("cloud is down"), "LaunchFailed", "cloud is down"},
		{"a long text is cut between two characters", errors.New(long), "LaunchFailed", strings.Repeat("x", 299) + "..."},
		{"300 bytes are too many", errors.New(strings.Repeat("x", 300)), "LaunchFailed", strings.Repeat("x", 300) + "..."},
		{"299 bytes are not", errors.New(strings.Repeat("x", 299)), "LaunchFailed", strings.Repeat("x", 299)},
		{
			"a message of the provider's own is not cut",
			cloudprovider.NewCreateError(errors.New("cause"), "Long", strings.Repeat("y", 400)), "Long", strings.Repeat("y", 400),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a"))
			w.Provider.FailNext(fake.Create, tt.err)
			if result := w.pass("a"); result.RequeueAfter == 0 {
				t.Error("the launch is not tried again")
			}
			w.expect("a", v1.ConditionTypeLaunched, "Unknown/"+tt.reason)
			if got := w.condition("a", v1.ConditionTypeLaunched).Message; got != tt.message {
				t.Errorf("message %q, want %q", got, tt.message)
			}
		})
	}
}

// LIF-079: the delay is kept whatever wakes the controller.
func TestLaunchBackoff(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Provider.FailAlways(fake.Create, errors.New("cloud is down"))
	want := 1
	for i, delay := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		result := w.pass("a")
		if i == 0 && result.RequeueAfter != time.Second {
			t.Errorf("the first retry is after %v", result.RequeueAfter)
		}
		w.Clock.Step(delay*time.Second - time.Millisecond)
		w.pass("a")
		if got := len(w.Provider.Calls(fake.Create)); got != want {
			t.Fatalf("%d attempts before the delay of %ds was over, want %d", got, delay, want)
		}
		w.Clock.Step(time.Millisecond)
		want++
	}
}

// LIF-081, API-131, CP-020: what the NodeClaim says of itself wins, what
// describes the instance is the provider's (LIF-082), and so are annotations.
func TestLabelsAreMerged(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", func(n *v1.NodeClaim) {
		n.Labels["example.com/team"] = "mine"
		n.Labels[corev1.LabelTopologyZone] = "elsewhere"
		n.Labels["example.com/reservation"] = "of an earlier attempt"
		n.Annotations = map[string]string{"example.com/hash": "old", "example.com/note": "kept"}
	}))
	w.provider = scripted{w.Provider, func(*v1.NodeClaim) (*v1.NodeClaim, error) {
		created := &v1.NodeClaim{}
		created.Labels = map[string]string{
			"example.com/team": "provider's", "example.com/size": "large",
			corev1.LabelTopologyZone: "zone-a", v1.NodePoolLabelKey: "another",
		}
		created.Annotations = map[string]string{"example.com/hash": "new"}
		created.Status.ProviderID, created.Status.ImageID = fixture.ProviderID("a"), "image"
		created.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}
		created.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
		return created, nil
	}}
	w.restart()
	w.pass("a")
	got := w.nodeClaim("a")
	for key, want := range map[string]string{
		"example.com/team": "mine", "example.com/size": "large",
		corev1.LabelTopologyZone: "zone-a", v1.NodePoolLabelKey: fixture.NodePool, "example.com/reservation": "",
	} {
		if got.Labels[key] != want {
			t.Errorf("label %s is %q, want %q", key, got.Labels[key], want)
		}
	}
	if got.Annotations["example.com/hash"] != "new" || got.Annotations["example.com/note"] != "kept" {
		t.Errorf("annotations are %v", got.Annotations)
	}
	if s := got.Status; s.ProviderID != fixture.ProviderID("a") || s.ImageID != "image" || s.Capacity.Cpu().Value() != 2 || s.Allocatable.Cpu().Value() != 1 {
		t.Errorf("status is %+v", s)
	}
}

// LIF-262: a provider that hangs is its own NodeClaim's affair, and not for good.
func TestCreateHasAnEnd(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	deadlineSeen := false
	w.provider = deadlines{w.Provider, &deadlineSeen}
	w.restart()
	w.pass("a")
	if !deadlineSeen {
		t.Error("the provider was called without a deadline")
	}
}

// deadlines is a provider that notices whether its calls have a deadline.
type deadlines struct {
	cloudprovider.CloudProvider
	seen *bool
}

func (d deadlines) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	_, *d.seen = ctx.Deadline()
	return d.CloudProvider.Create(ctx, nodeClaim)
}
