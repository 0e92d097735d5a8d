// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
)

var errDown = errors.New("the cloud is down")

// CP-301, CP-303, CP-305, CP-306, CP-307, CP-308, CP-311, CP-312, CP-313, CP-318,
// CP-322, CP-324, CP-327, CP-328, CP-329, CP-330, CP-331, CP-332, CP-334, CP-335,
// and by them CP-001, CP-002, CP-007, CP-024, CP-030, CP-032, CP-033, CP-045, CP-051,
// CP-064
func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{Start: func(*testing.T) conformance.Cloud { return newWorld().cloud() }})
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

func (w *world) cloud() conformance.Cloud {
	return conformance.Cloud{
		Provider:             w,
		NodeClass:            v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"},
		Machines:             w.machines,
		CloudCalls:           func() int { return w.Launches() },
		Launches:             w.Launches,
		EventReasons:         w.reasons,
		ForeignID:            "kwok://some-node",
		RemoveNodeClass:      func(*testing.T) { w.nodeClass = nil },
		TerminateNodeClass:   func(*testing.T) { w.nodeClass.DeletionTimestamp = &metav1.Time{Time: w.clock.Now()} },
		BreakNodeClassLookup: func(*testing.T) { w.lookup = errDown },
		SetReady:             w.setReady,
		EditNodeClass:        w.edit,
		SellOut:              w.sellOut,
		Restock:              w.restock,
		UnavailableFor:       3 * time.Minute,
		Step:                 w.clock.Step,
		FinishTermination:    func(*testing.T) { w.clock.Step(time.Minute) },
		BreakCloud:           w.breakCloud,
		RemoveInstanceType:   func(*testing.T, string) { w.SetInstanceTypes() },
	}
}

func (w *world) machines() int {
	listed, _ := w.List(context.Background())
	return len(listed)
}

func (w *world) reasons() []string {
	var out []string
	for _, e := range w.Events() {
		out = append(out, e.Reason)
	}
	return out
}

func (w *world) setReady(_ *testing.T, is metav1.ConditionStatus, message string) {
	w.nodeClass.Status.Conditions[0].Status = is
	w.nodeClass.Status.Conditions[0].Message = message
}

func (w *world) edit(*testing.T) string {
	w.nodeClass.Generation++
	w.nodeClass.Spec.Zones = []string{"test-zone-1", "test-zone-2"}
	return "test-zone-3"
}

func (w *world) sellOut(_ *testing.T, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	w.SellOut(fake.OfferingKey{InstanceType: it.Name, Zone: o.Zone(), CapacityType: o.CapacityType()})
}

func (w *world) restock(*testing.T) {
	types, _ := w.GetInstanceTypes(context.Background(), &v1.NodePool{
		Spec: v1.NodePoolSpec{Template: v1.NodeClaimTemplate{Spec: v1.NodeClaimTemplateSpec{NodeClassRef: v1.NodeClassReference{Name: "default"}}}},
	})
	for _, it := range types {
		for _, o := range it.Offerings {
			w.Restock(fake.OfferingKey{InstanceType: it.Name, Zone: o.Zone(), CapacityType: o.CapacityType()})
		}
	}
}

func (w *world) breakCloud(*testing.T) {
	for _, operation := range []fake.Operation{fake.Create, fake.Delete, fake.Get, fake.List} {
		w.FailAlways(operation, errDown)
	}
}
