// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/engine/label"
)

var errDown = errors.New("the cloud is down")

// harness brings all that the in-memory cloud has.
func harness() conformance.Harness {
	return conformance.Harness{
		Start: func(t testing.TB) conformance.Cloud { return newHarnessWorld(t).cloud() },
		Lacks: map[conformance.Capability]string{
			"Overlays":   "CP-077: the layer of overlays is not there yet",
			"Truncation": "KIT-205: a launch of the in-memory cloud lists any number of types",
			"Templates":  "KIT-205: the in-memory cloud has no launch templates",
			"Batching":   "KIT-205: calls to the in-memory cloud are not coalesced",
			"Tags":       "KIT-205: the in-memory cloud has no tags of users",
			"Prices":     "KIT-205: prices of the in-memory cloud are given",
			"Accounts":   "KIT-205: the in-memory cloud has one account",
		},
	}
}

// CP-301, CP-303, CP-304, CP-305, CP-306, CP-307, CP-308, CP-310, CP-311, CP-312,
// CP-313, CP-314, CP-316, CP-318, CP-322, CP-323, CP-324, CP-325, CP-326, CP-327,
// CP-328, CP-329, CP-330, CP-331, CP-332, CP-333, CP-334, CP-335, CP-336, CP-337,
// CP-338, CP-339, CP-340, CP-341, CP-342, CP-344, CP-345, CP-347, CP-348, CP-349,
// and by them CP-001, CP-002, CP-007, CP-024, CP-030, CP-032, CP-033, CP-045,
// CP-051, CP-064
func TestConformance(t *testing.T) {
	skipped := conformance.Run(t, harness())
	if len(skipped) != 12 { // KIT-203: what does not run is known
		t.Errorf("not run: %d rows: %v", len(skipped), skipped)
	}
}

// world is a fake with a NodeClass named "default".
type world struct {
	*fake.Provider
	clock     *clocktesting.FakeClock
	nodeClass *v1alpha1.TestNodeClass
	lookup    error
}

func newWorld(change ...func(*fake.Options)) *world {
	w := &world{clock: clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	w.nodeClass = &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", Generation: 1}}
	w.nodeClass.StatusConditions().SetTrue("Ready")
	opts := fake.Options{Clock: w.clock, NodeClass: w.get, TerminationTime: time.Minute}
	for _, c := range change {
		c(&opts)
	}
	w.Provider = fake.New(opts)
	return w
}

func (w *world) get(_ context.Context, name string) (*v1alpha1.TestNodeClass, error) {
	if w.lookup != nil {
		return nil, w.lookup
	}
	if w.nodeClass == nil || w.nodeClass.Name != name {
		return nil, apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.Group, Resource: "testnodeclasses"}, name)
	}
	return w.nodeClass, nil
}

func (w *world) machines() int {
	listed, _ := w.List(context.Background())
	return len(listed)
}

func (w *harnessWorld) cloud() conformance.Cloud {
	return conformance.Cloud{
		Provider:  w,
		NodeClass: v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"},
		Machines: &conformance.Machines{
			Count: w.machines, CloudCalls: w.launches, Launches: w.launches, ForeignID: "kwok://some-node",
			Terminations:      w.terminations,
			FinishTermination: func(testing.TB) { w.clock.Step(time.Minute) },
			AddForeign:        func(testing.TB) { w.AddForeign("foreign") },
			FillPages:         w.fillPages,
			Restart:           func(testing.TB) { w.Provider = w.Restarted() },
		},
		NodeClasses: &conformance.NodeClasses{
			Remove:       func(testing.TB) { w.nodeClass = nil },
			Terminate:    func(testing.TB) { w.nodeClass.DeletionTimestamp = &metav1.Time{Time: w.clock.Now()} },
			BreakLookup:  func(testing.TB) { w.lookup = errDown },
			SetReady:     w.setReady,
			EventReasons: w.reasons,
		},
		Faults: &conformance.Faults{
			Break:        w.breakCloud,
			FailLaunches: func(_ testing.TB, fault conformance.Fault) { w.FailAlways(fake.Create, errors.New(string(fault))) },
			Mend:         func(testing.TB) { w.FailAlways(fake.Create, nil) },
		},
		Stock:        &conformance.Stock{SellOut: w.sellOut, Restock: w.restock, UnavailableFor: 3 * time.Minute, Step: w.clock.Step},
		Catalogue:    &conformance.Catalogue{RemoveType: func(testing.TB, string) { w.SetInstanceTypes() }},
		Edits:        &conformance.Edits{Edit: w.edit, Resolve: func(testing.TB) {}},
		Hash:         w.hash(),
		Drift:        w.drift(),
		Overrides:    &conformance.Overrides{Offer: w.offerOverride},
		Scopes:       w.scopes(),
		Boot:         &conformance.Boot{Node: func(_ testing.TB, claim *v1.NodeClaim) *corev1.Node { return fake.NodeFor(claim) }},
		Ending:       w.ending(),
		Collection:   w.collection(),
		Reservations: &conformance.Reservations{Offer: w.offerReservation, SellOut: w.sellOut},
		Interruption: w.interruption(),
		Secrets:      &conformance.Secrets{Values: []string{"user-data-of-the-test"}, Output: func() string { return fmt.Sprint(w.Events()) }},
	}
}

// terminations counts the machines that are told to end.
func (w *harnessWorld) terminations() int {
	listed, _ := w.List(context.Background())
	return len(slices.DeleteFunc(listed, func(m *v1.NodeClaim) bool { return m.DeletionTimestamp.IsZero() }))
}

// launches counts launches, whichever process made them.
func (w *harnessWorld) launches() int { return w.Launches() }

func (w *harnessWorld) reasons() []string {
	var out []string
	for _, e := range w.Events() {
		out = append(out, e.Reason)
	}
	return out
}

func (w *harnessWorld) setReady(_ testing.TB, is metav1.ConditionStatus, message string) {
	w.nodeClass.Status.Conditions[0].Status = is
	w.nodeClass.Status.Conditions[0].Message = message
}

func (w *harnessWorld) edit(testing.TB) string {
	w.nodeClass.Generation++
	w.nodeClass.Spec.Zones = []string{"test-zone-1", "test-zone-2"}
	return "test-zone-3"
}

func keyOf(it *cloudprovider.InstanceType, o *cloudprovider.Offering) fake.OfferingKey {
	return fake.OfferingKey{InstanceType: it.Name, Zone: o.Zone(), CapacityType: o.CapacityType()}
}

func (w *harnessWorld) sellOut(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	w.SellOut(keyOf(it, o))
}

func (w *harnessWorld) restock(testing.TB) {
	w.Exhaust(nil)
	types, _ := w.GetInstanceTypes(context.Background(), &v1.NodePool{
		Spec: v1.NodePoolSpec{Template: v1.NodeClaimTemplate{Spec: v1.NodeClaimTemplateSpec{NodeClassRef: v1.NodeClassReference{Name: "default"}}}},
	})
	for _, it := range types {
		for _, o := range it.Offerings {
			w.Restock(keyOf(it, o))
		}
	}
}

func (w *harnessWorld) breakCloud(testing.TB) {
	for _, operation := range []fake.Operation{fake.Create, fake.Delete, fake.Get, fake.List} {
		w.FailAlways(operation, errDown)
	}
}

func (w *harnessWorld) fillPages(t testing.TB) {
	for i := range 101 {
		if _, err := w.Create(t.Context(), nodeClaim(fmt.Sprintf("page-%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	w.FailAlways(fake.ListPage, errDown)
}

// scopes are a quota of spot capacity, and one of a type in all zones.
func (w *harnessWorld) scopes() *conformance.Scopes {
	var asked fake.OfferingKey
	scope := func(name string, covers func(fake.OfferingKey) bool) conformance.ScopedFault {
		return conformance.ScopedFault{
			Name: name,
			Provoke: func(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
				asked = keyOf(it, o)
				w.Exhaust(covers)
			},
			Covers: func(it *cloudprovider.InstanceType, o *cloudprovider.Offering) bool { return covers(keyOf(it, o)) },
		}
	}
	return &conformance.Scopes{Faults: []conformance.ScopedFault{
		scope("capacity type", func(k fake.OfferingKey) bool { return k.CapacityType == asked.CapacityType }),
		scope("type", func(k fake.OfferingKey) bool { return k.InstanceType == asked.InstanceType }),
		scope("zone", func(k fake.OfferingKey) bool { return k.Zone == asked.Zone }),
	}}
}

func (w *harnessWorld) offerReservation(testing.TB) string {
	w.SetInstanceTypes(fake.NewInstanceType(fake.TypeSpec{
		Name: "r", CPU: 4, Memory: 16, CapacityTypes: []string{label.OnDemand, label.Reserved}, ReservationCapacity: 2,
	}))
	return "r"
}

func (w *harnessWorld) offerOverride(testing.TB) string {
	it := fake.NewInstanceType(fake.TypeSpec{Name: "o", CPU: 4, Memory: 16}).WithOfferings(func(o *cloudprovider.Offering) *cloudprovider.Offering {
		if o.Zone() != "test-zone-2" {
			return o
		}
		bigger := *o
		bigger.CapacityOverride = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Gi")}
		return &bigger
	})
	w.SetInstanceTypes(it)
	return "o"
}
