// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-110, LIF-111, OPS-272: what does not register is gone within 17 minutes.
func TestLiveness(t *testing.T) {
	tests := []struct {
		name      string
		nodeClaim *v1.NodeClaim
		deadline  time.Duration
		reason    string
	}{
		{name: "not launched", nodeClaim: fixture.NodeClaim("a"), deadline: 5 * time.Minute, reason: "launch_timeout"},
		{name: "launched, not registered", nodeClaim: fixture.NodeClaim("a", fixture.Launched), deadline: 15 * time.Minute, reason: "registration_timeout"},
		{name: "registered", nodeClaim: fixture.NodeClaim("a", fixture.Registered)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, tt.nodeClaim)
			if tt.reason == "" {
				w.Add(fixture.Node(tt.nodeClaim))
			}
			w.Provider.FailAlways(fake.Create, errors.New("down"))
			w.Clock.Step(tt.deadline - time.Second)
			w.pass("a")
			if !w.nodeClaim("a").DeletionTimestamp.IsZero() {
				t.Fatal("deleted before its deadline")
			}
			w.Clock.Step(time.Second)
			w.pass("a")
			if got := !w.nodeClaim("a").DeletionTimestamp.IsZero(); got != (tt.reason != "") {
				t.Fatalf("deleted: %v", got)
			}
			if tt.reason == "" {
				return
			}
			if w.disrupted(tt.reason) != 1 || w.Metric("karpenter_nodeclaims_disrupted_total", nil) != 1 || w.health.failures != 1 {
				t.Errorf("counted %v, %d failures", w.disrupted(tt.reason), w.health.failures)
			}
		})
	}
}

// patient is a provider with another launch timeout, whose launches fail.
type patient struct {
	cloudprovider.CloudProvider
	// left is how long the last call was given.
	left *time.Duration
}

func (patient) LaunchTimeout() time.Duration { return 9 * time.Minute }

func (p patient) Create(ctx context.Context, _ *v1.NodeClaim) (*v1.NodeClaim, error) {
	deadline, _ := ctx.Deadline()
	*p.left = time.Until(deadline)
	return nil, errors.New("down")
}

// LIF-009, LIF-110: the provider says how long a launch may take, and a call of Create may
// take as long.
func TestLaunchTimeoutOfProvider(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	var left, given time.Duration
	w.provider = patient{w.Provider, &given}
	w.restart()
	w.Clock.Step(9*time.Minute - time.Second)
	if left = w.pass("a").RequeueAfter; left > time.Second || !w.nodeClaim("a").DeletionTimestamp.IsZero() {
		t.Errorf("before its deadline: looked at again after %s, NodeClaim %+v", left, w.nodeClaim("a").ObjectMeta)
	}
	if given > 9*time.Minute || given < 8*time.Minute {
		t.Errorf("a call is given %s", given)
	}
	w.Clock.Step(time.Second)
	w.pass("a")
	if w.nodeClaim("a").DeletionTimestamp.IsZero() || w.disrupted("launch_timeout") != 1 {
		t.Error("it outlives its deadline")
	}
}

// LIF-111: the pass asks to be woken at the deadline.
func TestLivenessRequeue(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Launched))
	w.Clock.Step(10 * time.Minute)
	if got := w.pass("a").RequeueAfter; got != 5*time.Minute {
		t.Errorf("woken after %v, want at the deadline in 5m", got)
	}
}

// LIF-111: the deadline of a NodeClaim with several Nodes runs from when they
// were found.
func TestLivenessOfSeveralNodes(t *testing.T) {
	nodeClaim, node := joined()
	again := node.DeepCopy()
	again.Name = "b"
	w := setup(t, nodeClaim, node, again)
	w.Clock.Step(10 * time.Minute)
	w.pass("a")
	w.Clock.Step(15*time.Minute - time.Second)
	w.pass("a")
	if !w.nodeClaim("a").DeletionTimestamp.IsZero() {
		t.Fatal("deleted before its deadline")
	}
	w.Clock.Step(time.Second)
	w.pass("a")
	if w.disrupted("registration_timeout") != 1 {
		t.Error("not given up")
	}
}

// LIF-112, LIF-271: after a long downtime a launch is tried before it is judged,
// and what it launched is known before the NodeClaim is given up.
func TestLivenessAfterDowntime(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Clock.Step(time.Hour)
	w.pass("a")
	got := w.nodeClaim("a")
	if calls := len(w.Provider.Calls(fake.Create)); calls != 1 {
		t.Errorf("%d attempts", calls)
	}
	if got.Status.ProviderID == "" {
		t.Error("the instance was not stored")
	}
	if got.DeletionTimestamp.IsZero() || w.disrupted("registration_timeout") != 1 || w.disrupted("launch_timeout") != 0 {
		t.Error("judged by another deadline than that of its state")
	}
}

func TestHealthIsNotInTheWay(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Launched))
	w.health.err = errors.New("no pool")
	w.Clock.Step(time.Hour)
	w.pass("a")
	if w.nodeClaim("a").DeletionTimestamp.IsZero() {
		t.Error("not given up")
	}
}
