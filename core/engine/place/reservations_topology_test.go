// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// SCH-142, SCH-213, SCH-215: a zone that is to be had through a reservation counts
// while launches under way hold all its units: the pod waits for one.
func TestZonesThatWaitForReservationsCount(t *testing.T) {
	for _, tc := range []struct {
		why            string
		capacity, held int
		want           []string
	}{
		{"a unit is free", 2, 1, []string{"p: small through r with 1 pods"}},
		{"none is free", 1, 1, []string{"pod-0 deferred"}},
		{"there is no room", 0, 0, []string{"p: large on demand with 1 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "b", tc.capacity})), w.inZones(w.itype("large", 8), "a"))
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 1})}, label.Zone)
			w.add(1, demanding(w.obeying(3, requirement.Requirements{}, g)))
			in := w.input()
			key := w.v.Key(reservationID)
			in.Snapshot.Held = slices.Repeat([]constraint.Label{{Key: key, Value: w.v.Value(key, "r")}}, tc.held)
			if got := w.bought(place.Solve(in)); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// SCH-165, SCH-212, SCH-213: nodes whose zone is decided in the end and what they
// hold. Zone a has the fewest pods, zone b two.
func TestReservationsWhereOpenZonesAreDecided(t *testing.T) {
	for _, tc := range []struct {
		why  string
		mode place.ReservationMode
		sold []reservation
		cpus []int64
		want []string
	}{
		{"the first gives back what it cannot use in zone a, and the second takes it", place.StrictReservations,
			[]reservation{{"r", "a", 1}, {"s", "b", 1}, {"t", "b", 2}}, []int64{3, 3, 1},
			[]string{"other: small through r with 2 pods", "other: small through s+t with 1 pods"}},
		{"not the zone where the reservation held is of no use", place.StrictReservations,
			[]reservation{{"s", "b", 1}}, []int64{3},
			[]string{"other: small through s with 1 pods"}},
		{"unless the node may do without", place.FallbackReservations,
			[]reservation{{"s", "b", 1}}, []int64{3},
			[]string{"other: small on demand with 1 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.poolOf("default", w.inZones(w.itype("large", 8), "a"))
			w.poolOf("other", w.sold("small", 4, tc.sold...))
			on := func(pool string) requirement.Requirements {
				return requirement.All(requirement.In(label.NodePool, pool))
			}
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 2})}, label.Zone)
			w.add(1, demanding(w.obeying(4, on("default"), g)))
			for _, cpu := range tc.cpus {
				counted := w.class(cpu, 1, on("other"))
				counted.Topology.Counted = []int32{g}
				w.add(1, counted)
			}
			in := w.input()
			in.Reservations = tc.mode
			if got := w.bought(place.Solve(in))[1:]; !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}
