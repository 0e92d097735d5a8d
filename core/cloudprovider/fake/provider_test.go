// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/engine/label"
)

func nodeClaim(name string, requirements ...v1.NodeSelectorRequirementWithMinValues) *v1.NodeClaim {
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{v1.NodePoolLabelKey: "pool"}},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"},
			Requirements: requirements,
		},
	}
}

func in(key string, values ...string) v1.NodeSelectorRequirementWithMinValues {
	return v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: v1.OperatorIn, Values: values}
}

func TestFailures(t *testing.T) { // CP-042
	w := newWorld()
	once := errors.New("once")
	w.FailNext(fake.Create, once, nil, cloudprovider.NewInsufficientCapacityError(once))
	w.FailAlways(fake.Create, errDown)
	for i, want := range []error{once, nil, once, errDown, errDown} {
		_, err := w.Create(t.Context(), nodeClaim(fmt.Sprint(i)))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("call %d: got %v, want %v", i, err, want)
		}
	}
	w.FailAlways(fake.Create, nil)
	if _, err := w.Create(t.Context(), nodeClaim("after")); err != nil {
		t.Error(err)
	}
}

func TestLatency(t *testing.T) { // CP-008
	w := newWorld(func(o *fake.Options) { o.Latency = map[fake.Operation]time.Duration{fake.Create: time.Second} })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := w.Create(ctx, nodeClaim("cancelled"))
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	go func() {
		_, err := w.Create(t.Context(), nodeClaim("patient"))
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			w.clock.Step(time.Second)
		}
	}
}

func TestEventuality(t *testing.T) { // CP-027, CP-029
	w := newWorld(func(o *fake.Options) { o.VisibleAfter = time.Second })
	created, err := w.Create(t.Context(), nodeClaim("late"))
	if err != nil {
		t.Fatal(err)
	}
	if w.machines() != 0 {
		t.Error("listed too early")
	}
	w.clock.Step(time.Second)
	if _, err := w.Get(t.Context(), created.Status.ProviderID); err != nil || w.machines() != 1 {
		t.Errorf("got %v, want the machine", err)
	}
	w.Terminate(created.Status.ProviderID)
	if _, err := w.Get(t.Context(), created.Status.ProviderID); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("got %v, want not found", err)
	}
}

func TestReservations(t *testing.T) { // CP-068, CP-069
	w := newWorld(func(o *fake.Options) {
		o.InstanceTypes = []*cloudprovider.InstanceType{fake.NewInstanceType(fake.TypeSpec{
			Name: "r", CPU: 4, Memory: 16, Zones: []string{"z"},
			CapacityTypes: []string{label.Spot, label.OnDemand, label.Reserved}, ReservationCapacity: 1,
		})}
	})
	first, err := w.Create(t.Context(), nodeClaim("first"))
	if err != nil || first.Labels[label.CapacityType] != label.Reserved || first.Labels[fake.LabelReservationID] != "r-z" {
		t.Fatalf("got %v, %v, want the reservation", first, err)
	}
	second, err := w.Create(t.Context(), nodeClaim("second"))
	if err != nil || second.Labels[label.CapacityType] != label.Spot {
		t.Fatalf("got %v, %v, want spot", second, err)
	}
	if _, ok := second.Labels[fake.LabelReservationID]; ok { // CP-019
		t.Error("a spot machine carries the reservation's label")
	}
	first.Status.ProviderID = "fake://first"
	if err := w.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(time.Minute)
	if third, err := w.Create(t.Context(), nodeClaim("third")); err != nil || third.Labels[label.CapacityType] != label.Reserved {
		t.Errorf("got %v, %v, want the reservation again", third, err)
	}
}

func TestJournal(t *testing.T) {
	w := newWorld()
	claim := nodeClaim("a")
	if _, err := w.Create(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	claim.Name = "changed later"
	_, _ = w.Get(t.Context(), "fake://a")
	if calls := w.Calls(); len(calls) != 2 || calls[0].NodeClaim.Name != "a" || calls[1].ProviderID != "fake://a" {
		t.Errorf("got %+v", calls)
	}
	if calls := w.Calls(fake.Get); len(calls) != 1 || calls[0].Operation != fake.Get {
		t.Errorf("got %+v", calls)
	}
}

func TestSwitches(t *testing.T) {
	w := newWorld()
	w.SetDrift("ImageDrift") // CP-036
	if reason, err := w.IsDrifted(t.Context(), nodeClaim("a")); reason != "ImageDrift" || err != nil {
		t.Errorf("got %q, %v", reason, err)
	}
	w.SetRepairPolicies() // CP-038
	if len(w.RepairPolicies()) != 0 {
		t.Error("repair policies remain")
	}
	w.SetRegistrationHooks(hook("h")) // CP-039
	if hooks := cloudprovider.RegistrationHooks(w.Provider); len(hooks) != 1 || hooks[0].Name() != "h" {
		t.Errorf("got %v", hooks)
	}
	w.SetPoolInstanceTypes("pool")
	if _, err := w.Create(t.Context(), nodeClaim("a")); !cloudprovider.IsInsufficientCapacityError(err) {
		t.Errorf("got %v: the pool has no types", err)
	}
}

func TestNodeFor(t *testing.T) { // CP-108, CP-110
	w := newWorld()
	created, err := w.Create(t.Context(), nodeClaim("a", in(label.Zone, "test-zone-2")))
	if err != nil {
		t.Fatal(err)
	}
	node := fake.NodeFor(created)
	if node.Spec.ProviderID != created.Status.ProviderID || len(node.Spec.Taints) != 1 || node.Spec.Taints[0] != v1.UnregisteredTaint() {
		t.Errorf("got %+v", node.Spec)
	}
	if cpu := node.Status.Allocatable[corev1.ResourceCPU]; cpu.String() != "900m" {
		t.Errorf("allocatable %v", node.Status.Allocatable)
	}
}

// CP-008, CP-022
func TestConcurrentUse(t *testing.T) {
	w := newWorld()
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			created, err := w.Create(t.Context(), nodeClaim(fmt.Sprint(i%100)))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.Get(t.Context(), created.Status.ProviderID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.machines(); n != 100 || w.Launches() != 100 {
		t.Errorf("%d machines of %d launches, want 100", n, w.Launches())
	}
}

type hook string

func (h hook) Name() string { return string(h) }
func (h hook) Registered(context.Context, *v1.NodeClaim) (cloudprovider.HookResult, error) {
	return cloudprovider.HookResult{}, nil
}
