// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// reservedTypes sells a type through reservation "r" with room for three, or on
// demand.
const reservedTypes = `
- name: t
  architecture: amd64
  operatingSystems: [linux]
  resources: {cpu: 2, memory: 4Gi}
  offerings:
  - capacityType: on-demand
    zone: a
    price: 2
  - Requirements:
    - {key: karpenter.sh/capacity-type, operator: In, values: [reserved]}
    - {key: topology.kubernetes.io/zone, operator: In, values: [a]}
    - {key: karpenter.kwok.sh/reservation-id, operator: In, values: [r]}
    ReservationCapacity: 3
- {name: plain, architecture: amd64, operatingSystems: [linux], resources: {cpu: 2, memory: 4Gi}, offerings: [{capacityType: on-demand, zone: a, price: 9}]}
`

// reserved returns the reserved offering as it is on sale now.
func (w *world) reserved(t *testing.T) *cloudprovider.Offering {
	t.Helper()
	types, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil {
		t.Fatal(err)
	}
	return types[0].Offerings[1]
}

func TestReservation(t *testing.T) { // KWOK-008
	w := newWorld(t, settings{types: reservedTypes, delay: "1m"})
	before, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil {
		t.Fatal(err)
	}
	var machines []string
	for i, want := range []string{"reserved", "reserved", "reserved", "on-demand"} {
		created := w.create(t, nodeClaim(fmt.Sprint("claim-", i)))
		if got := created.Labels[label.CapacityType]; got != want {
			t.Errorf("launch %d: bought %s, want %s", i, got, want)
		}
		if id, ok := created.Labels[v1alpha1.LabelReservationID]; ok != (want == "reserved") || (ok && id != "r") { // CP-019
			t.Errorf("launch %d: reservation %q", i, id)
		}
		machines = append(machines, created.Status.ProviderID)
	}
	if o := w.reserved(t); o.Available || o.ReservationCapacity != 0 { // Nodes still to come count
		t.Errorf("full, but %d left", o.ReservationCapacity)
	}
	_, err = w.Create(t.Context(), nodeClaim("late", in(label.CapacityType, "reserved"))) // CP-070
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)

	eventually(t, "the registrations", func() bool { return w.clock.Waiters() == 4 })
	w.clock.Step(1e12)
	eventually(t, "the Nodes", func() bool { return len(w.nodes(t)) == 4 })
	if o := w.reserved(t); o.Available || o.ReservationCapacity != 0 { // Nodes count
		t.Errorf("full, but %d left", o.ReservationCapacity)
	}
	gone := nodeClaim("gone")
	gone.Status.ProviderID = machines[0]
	wantClass(t, w.Delete(t.Context(), gone), cloudprovider.ClassNodeClaimNotFound)
	if o := w.reserved(t); !o.Available || o.ReservationCapacity != 1 {
		t.Errorf("one is free, but %d left", o.ReservationCapacity)
	}
	after, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil || before[0] == after[0] || before[1] != after[1] { // CP-009, CP-035
		t.Errorf("a changed type is another pointer, an unchanged one the same: %v", err)
	}
	if before[0].Offerings[1].ReservationCapacity != 3 {
		t.Error("a type changed after it was returned")
	}
}

// KWOK-008, CP-070: launches at the same time do not share a place.
func TestReservationAtOnce(t *testing.T) {
	w := newWorld(t, settings{types: reservedTypes})
	var inside atomic.Int64
	var running sync.WaitGroup
	for i := range 40 {
		running.Go(func() {
			created, err := w.Create(t.Context(), nodeClaim(fmt.Sprint("claim-", i), in(label.CapacityType, "reserved")))
			if err == nil && created.Labels[v1alpha1.LabelReservationID] == "r" {
				inside.Add(1)
			} else if !cloudprovider.IsInsufficientCapacityError(err) {
				t.Errorf("got %v, %v", created, err)
			}
		})
	}
	running.Wait()
	if n := inside.Load(); n != 3 {
		t.Errorf("%d machines in a reservation of 3", n)
	}
}

// KWOK-008, CP-070: the last place goes to the launch that is faster, however late in
// the other.
func TestReservationFilledMeanwhile(t *testing.T) {
	w := newWorld(t, settings{types: reservedTypes, noStart: true})
	reserved := in(label.CapacityType, "reserved")
	w.create(t, nodeClaim("first", reserved))
	w.create(t, nodeClaim("second", reserved))
	lists := 0
	w.lists = func(client.ObjectList) {
		if lists++; lists == 2 { // what is on sale has been seen, who is inside is looked at
			w.create(t, nodeClaim("faster", reserved))
		}
	}
	_, err := w.Create(t.Context(), nodeClaim("slower", reserved))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if o := w.reserved(t); o.Available || o.ReservationCapacity != 0 {
		t.Errorf("full, but %d left", o.ReservationCapacity)
	}
}

// KWOK-008: a Node counts while the cache does not show it yet, and no longer than
// that can last.
func TestReservationBeforeTheCacheShowsIt(t *testing.T) {
	w := newWorld(t, settings{types: reservedTypes})
	var machines []*v1.NodeClaim
	for i := range 3 {
		machines = append(machines, w.create(t, nodeClaim(fmt.Sprint("claim-", i))))
	}
	for _, m := range machines {
		eventually(t, "the end of the registration", func() bool {
			calls := w.calls.Load()
			_, err := w.Get(t.Context(), m.Status.ProviderID)
			return err == nil && w.calls.Load() > calls // only what is not in memory is read
		})
	}
	w.lists = func(list client.ObjectList) {
		if nodes, ok := list.(*corev1.NodeList); ok {
			nodes.Items = nil
		}
	}
	if o := w.reserved(t); o.Available {
		t.Errorf("full, but %d left", o.ReservationCapacity)
	}
	_, err := w.Create(t.Context(), nodeClaim("late", in(label.CapacityType, "reserved")))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	w.lists = nil
	if err := w.api.Delete(t.Context(), w.node(t, machines[0])); err != nil { // not by the provider
		t.Fatal(err)
	}
	w.clock.Step(time.Minute + time.Second)
	if o := w.reserved(t); !o.Available || o.ReservationCapacity != 1 {
		t.Errorf("one is free, but %d left", o.ReservationCapacity)
	}
}

// CP-035: the answer is the caller's, its elements are shared.
func TestGetInstanceTypesShares(t *testing.T) {
	w := newWorld(t, settings{})
	first, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.Clone(first)
	slices.Reverse(first)
	second, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil || !slices.Equal(second, kept) {
		t.Errorf("another answer: %v", err)
	}
	if w.calls.Load() != 0 {
		t.Error("calls to the API server")
	}
}
