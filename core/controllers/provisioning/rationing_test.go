// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/controllers/provisioning/batch"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
)

// account is a provider whose spot machines share a limit, which tells of launches that
// it has counted.
type account struct {
	cloudprovider.CloudProvider
	max, used int64
	counted   map[types.UID]int64
}

func (a *account) Unwrap() cloudprovider.CloudProvider { return a.CloudProvider }

func (a *account) Limits() cloudprovider.Limits {
	l := cloudprovider.SharedLimit{Name: "spot vCPUs", Max: a.max, Used: a.used}
	for _, n := range a.counted {
		l.InFlight += n
	}
	return cloudprovider.Limits{
		Shared: []cloudprovider.SharedLimit{l},
		Counts: func(uid types.UID) bool { return a.counted[uid] > 0 },
	}
}

// limited gives the world's provider a limit of so many vCPUs. Its machines have 4 each.
func (w *world) limited(limit int64, capacityTypes ...string) *account {
	a := &account{CloudProvider: w.provider, max: limit, counted: map[types.UID]int64{}}
	options := w.subject.Options
	options.Provider = a
	options.Window = &followed{Window: batch.New(batch.Options{Idle: options.BatchIdle, Max: options.BatchMax, Clock: options.Clock})}
	w.subject = provisioning.New(options)
	w.offer(a, capacityTypes...)
	return a
}

// offer sells what the limit leaves room for, and nothing else.
func (w *world) offer(a *account, capacityTypes ...string) {
	w.provider.SetInstanceTypes(only(a, capacityTypes...))
}

func only(a *account, capacityTypes ...string) *cloudprovider.InstanceType {
	it := fake.NewInstanceType(fake.TypeSpec{Name: "only", CPU: 4, Memory: 16, Zones: []string{"z"}, CapacityTypes: capacityTypes})
	for _, o := range it.Offerings {
		if o.CapacityType() == label.Spot {
			o.Draws = []ration.Draw{{Limit: "spot vCPUs", Amount: 4}}
			o.Available = a.Limits().Shared[0].Left() >= 4
		}
	}
	return it
}

// followed is a window that notes in how long another round is to follow, and has it follow
// as soon as somebody waits.
type followed struct {
	provisioning.Window
	in time.Duration // 0: none is to follow
}

// Again implements provisioning.Window.
func (f *followed) Again(in time.Duration) { f.in = in }

// Wait implements provisioning.Window.
func (f *followed) Wait(ctx context.Context) batch.Moment {
	if f.in > 0 {
		f.in = 0
		return batch.Closed
	}
	return f.Window.Wait(ctx)
}

// again is the round that follows by itself, and in how long another is to follow.
func (w *world) again() time.Duration {
	w.t.Helper()
	f := w.subject.Options.Window.(*followed)
	if f.in == 0 {
		w.t.Fatal("no round follows by itself")
	}
	_, err := w.subject.Reconcile(w.t.Context())
	w.must(err)
	return f.in
}

// SCH-330, SCH-332: of machines that each are within a limit as many are launched as are
// within it together. The next round follows at once, without a trigger, and buys the
// others another way, as the limit tells it. Nobody is told that there is no node.
func TestMachinesWithinALimit(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "3"), pendingPod("c", "3"))
	a := w.limited(11, label.OnDemand, label.Spot) // the dear one first
	w.must(w.round())
	first := w.nodeClaims()
	if len(first) != 2 {
		t.Fatalf("got %d NodeClaims, want 2", len(first))
	}
	for _, nc := range first {
		a.counted[nc.UID] = 4
	}
	w.offer(a, label.OnDemand, label.Spot)
	if in := w.again(); len(w.nodeClaims()) != 3 {
		t.Fatalf("got %d NodeClaims, and another round in %v", len(w.nodeClaims()), in)
	}
	if events := w.recorder.Of("FailedScheduling"); len(events) > 0 {
		t.Errorf("told of nodes that are coming: %v", events)
	}
}

// SCH-330: a node draws what its pods admit: who may not have a spot machine is not held
// back by what is left of spot, though that would be cheaper.
func TestLimitsOfOtherMachines(t *testing.T) {
	buys := func(capacityType string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{label.CapacityType: capacityType} }
	}
	w := newWorld(t, readyPool("default"), pendingPod("a", "3", buys(label.OnDemand)), pendingPod("b", "3", buys(label.OnDemand)),
		pendingPod("c", "3", buys(label.Spot)), pendingPod("d", "3", buys(label.Spot)))
	w.limited(7, label.OnDemand, label.Spot)
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 3 {
		t.Errorf("got %d NodeClaims, want all on demand and one of spot", n)
	}
}

// SCH-331, SCH-332: what was launched and is not known to the provider yet counts. There
// is nothing to do but wait for that, longer each time; and pods are told.
func TestRoundsThatOnlyWait(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "3"))
	w.limited(7, label.Spot)
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Fatalf("got %d NodeClaims, want 1", n)
	}
	var waits []time.Duration
	for range 5 {
		waits = append(waits, w.again())
	}
	if n := len(w.nodeClaims()); n != 1 {
		t.Fatalf("got %d NodeClaims", n)
	}
	for i, want := range []time.Duration{1, 2, 4, 8} {
		if waits[i] != want*time.Second {
			t.Errorf("waits %v", waits)
		}
	}
	told := w.recorder.Of("FailedScheduling")
	if len(told) == 0 || told[0].Type != corev1.EventTypeWarning ||
		!strings.Contains(told[0].Message, `a node for it would exceed a limit of the account: 4 needed, 7 of "spot vCPUs" left (limit 7, used 0, being launched 0)`) {
		t.Errorf("events: %v", told)
	}
}

// SCH-332: as long as each round has seen more taken of the limits than the one before, the
// next follows soon, however many there are.
func TestRoundsThatGetOn(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "3"), pendingPod("c", "3"), pendingPod("d", "3"), pendingPod("e", "3"))
	a := w.limited(7, label.Spot)
	w.must(w.round())
	for n := range 4 {
		if claims := w.nodeClaims(); len(claims) != n+1 {
			t.Fatalf("got %d NodeClaims, want %d", len(claims), n+1)
		}
		for _, nc := range w.nodeClaims() {
			a.counted[nc.UID] = 4
		}
		a.max += 4
		want := 500 * time.Millisecond
		if n == 3 { // nothing is held back any more
			want = 0
		}
		if in := w.again(); in != want {
			t.Errorf("round %d: the next in %v, want %v", n+2, in, want)
		}
	}
}

// SCH-332: launches that fail again and again, so that nothing more of the limit is taken,
// lead to ever fewer rounds.
func TestRoundsWhoseLaunchesFail(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "3"))
	w.limited(107, label.Spot).used = 100 // by others, all the time
	w.must(w.round())
	var waits []time.Duration
	for range 5 {
		for _, nc := range w.nodeClaims() {
			w.must(w.client.Delete(t.Context(), &nc))
			w.cluster.DeleteNodeClaim(nc.Name)
		}
		waits = append(waits, w.again())
		if n := len(w.nodeClaims()); n != 1 {
			t.Fatalf("got %d NodeClaims", n)
		}
	}
	for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 0} {
		if waits[i] != want { // the last is for triggers to come
			t.Fatalf("waits %v", waits)
		}
	}
}

// SCH-333: pods for which a limit leaves nothing are told its figures.
func TestUsedUpLimitsAreNamed(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "1", func(p *corev1.Pod) {
		p.Spec.NodeSelector = map[string]string{label.Zone: "nowhere"}
	}), pendingPod("c", "300"))
	a := w.limited(3, label.Spot)
	a.used = 1
	w.provider.SetInstanceTypes(only(a, label.Spot), fake.NewInstanceType(fake.TypeSpec{
		Name: "small", CPU: 2, Memory: 4, Zones: []string{"z"}, CapacityTypes: []string{label.OnDemand},
	}))
	w.must(w.round())
	for _, e := range w.recorder.Of("FailedScheduling") {
		const limit = `limits of the account keep what would do from being launched: 2 of "spot vCPUs" left (limit 3, used 1, being launched 0)`
		if strings.Contains(e.Message, limit) != (e.Object.GetName() == "a") {
			t.Errorf("%s is told %q", e.Object.GetName(), e.Message)
		}
	}
	if n := len(w.recorder.Of("FailedScheduling")); n != 3 {
		t.Errorf("%d pods are told", n)
	}
}

// SCH-333: a limit is not named where the pool does not sell what it denies.
func TestLimitsOfOtherPoolsAreNotNamed(t *testing.T) {
	w := newWorld(t, readyPool("default", func(np *v1.NodePool) {
		np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
			{Key: label.CapacityType, Operator: corev1.NodeSelectorOpIn, Values: []string{label.OnDemand}},
		}
	}), pendingPod("a", "3"))
	a := w.limited(3, label.Spot)
	w.provider.SetInstanceTypes(only(a, label.Spot), fake.NewInstanceType(fake.TypeSpec{
		Name: "small", CPU: 2, Memory: 4, Zones: []string{"z"}, CapacityTypes: []string{label.OnDemand},
	}))
	w.must(w.round())
	told := w.recorder.Of("FailedScheduling")
	if len(told) != 1 || strings.Contains(told[0].Message, "limits of the account") {
		t.Errorf("told %v", told)
	}
}
