// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
)

const reservationID = "example.com/reservation"

// reservation is one as a type sells it.
type reservation struct {
	id, zone string
	capacity int
}

// sold is an instance type that is on sale on demand in zones a and b, and
// through reservations for next to nothing.
func (w *world) sold(name string, cpu int64, reservations ...reservation) model.Type {
	w.open = w.open.Add(int(w.v.Key(reservationID)))
	t := w.itype(name, cpu)
	t.Requirements = w.v.Compile(requirement.All(
		requirement.In(label.InstanceType, name),
		requirement.In(label.Zone, "a", "b", "c"), requirement.In(label.CapacityType, label.Reserved, label.OnDemand)))
	t.Groups[0].Offerings = slices.DeleteFunc(t.Groups[0].Offerings, func(o model.Offering) bool { return o.Price < float64(cpu) })
	for _, r := range reservations {
		t.Groups[0].Offerings = append(t.Groups[0].Offerings, w.reserved(r, float64(cpu)/1e7))
	}
	return t
}

// onlyReserved takes the ordinary offerings off the market.
func onlyReserved(t model.Type) model.Type {
	t.Groups[0].Offerings = slices.DeleteFunc(t.Groups[0].Offerings, func(o model.Offering) bool { return o.Reservation == nil })
	return t
}

func (w *world) reserved(r reservation, price float64) model.Offering {
	key := w.v.Key(reservationID)
	return model.Offering{
		Price: price, Available: r.capacity > 0,
		Reservation: &model.Reservation{ID: constraint.Label{Key: key, Value: w.v.Value(key, r.id)}, Capacity: r.capacity},
		Requirements: w.v.Compile(requirement.All(
			requirement.In(label.Zone, r.zone), requirement.In(label.CapacityType, label.Reserved), requirement.In(reservationID, r.id))),
	}
}

func (w *world) poolOf(name string, types ...model.Type) {
	w.pool(model.TemplateOptions{Pool: name, Catalogue: model.NewCatalogue(w.v, types)})
}

// bought are the plan's bins in words: what each is launched as, through which
// reservations, and for how many pods; then the pods on nodes, deferred and left.
func (w *world) bought(p place.Plan) []string {
	var out []string
	for _, b := range p.Bins {
		pool := w.pools[b.Pool]
		out = append(out, fmt.Sprintf("%s: %s %s with %d pods", pool.Pool, pool.Catalogue.Type(b.Types[0]).Name, w.source(b), len(b.Pods)))
	}
	for _, pl := range p.Placements {
		out = append(out, w.pods[pl.Pod].Name+" on "+w.nodes[pl.Node].Name)
	}
	for _, pod := range p.Deferred {
		out = append(out, w.pods[pod].Name+" deferred")
	}
	for _, u := range p.Unplaced {
		out = append(out, w.pods[u.Pod].Name+" left")
	}
	return out
}

// source is the reservations that a bin is bound to, or "on demand".
func (w *world) source(b place.Bin) string {
	rs := w.v.Decompile(b.Requirements)
	capacityType, _ := rs.Get(label.CapacityType)
	if !capacityType.Has(label.Reserved) {
		return "on demand"
	}
	ids, bound := rs.Get(reservationID)
	if !bound || len(capacityType.Values()) != 1 {
		return "through anything"
	}
	return "through " + strings.Join(ids.Values(), "+")
}

// SCH-211, SCH-212, SCH-213, SCH-214, SCH-215, SCH-216, SCH-217, EXT-156,
// EXT-157, EXT-158, EXT-159, CP-068: who gets reserved capacity, who waits, who does without.
func TestReservations(t *testing.T) {
	for _, tc := range []struct {
		why   string
		mode  place.ReservationMode
		setup func(*world)
		want  []string
	}{
		{"SCH-212 a bin holds a unit of every reservation it could use; SCH-217 and is bound to them", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}, reservation{"s", "b", 1}), w.sold("large", 8, reservation{"t", "c", 1}))
			w.add(1, w.class(3, 1))
		}, []string{"p: small through r+s+t with 1 pods"}},
		{"SCH-217 types without a reservation are not listed", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4), w.sold("large", 8, reservation{"r", "a", 1}))
			w.add(1, w.class(3, 1))
		}, []string{"p: large through r with 1 pods"}},
		{"SCH-213 pods open further reserved nodes rather than share a larger one", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}), w.sold("large", 16))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "p: small through r with 1 pods"}},
		{"SCH-214 a pod that waits looks for no other zone of its volumes", place.StrictReservations, func(w *world) {
			w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "b", 1})), w.inZones(w.itype("large", 16), "a"))
			w.add(1, w.class(4, 1, requirement.All(requirement.In(label.Zone, "b"))))
			w.add(1, w.onVolumes(w.class(3, 1), inZone("b"), inZone("a")))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-213 a pod waits when all units are held", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 16))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-213 who cannot use a reservation does not wait", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 16))
			w.add(1, w.class(3, 1))
			w.add(1, w.class(3, 1, inZone("b")))
		}, []string{"p: small through r with 1 pods", "p: small on demand with 1 pods"}},
		{"SCH-212 a second unit for the same bin is free", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.add(3, w.class(1, 1))
		}, []string{"p: small through r with 3 pods"}},
		{"SCH-211 the least capacity that any type reports counts", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 3}), w.sold("large", 5, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-211 or that any pool reports", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 3}))
			w.poolOf("q", w.sold("large", 5, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-211 a reservation without room is not on sale; SCH-215 pods fall back to on-demand", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 0}))
			w.add(1, w.class(3, 1))
		}, []string{"p: small on demand with 1 pods"}},
		{"SCH-211 nor in a pool that still thinks otherwise", place.StrictReservations, func(w *world) {
			w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "a", 2})), w.sold("large", 8))
			w.poolOf("q", w.sold("small", 4, reservation{"r", "a", 0}))
			w.add(1, w.class(3, 1))
		}, []string{"p: large on demand with 1 pods"}},
		{"SCH-214 a deferral stops the search for less wanted pools", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.poolOf("q", w.sold("small", 4))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-214 more wanted pools were asked before", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4))
			w.poolOf("q", w.sold("small", 4, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1))
		}, []string{"p: small on demand with 1 pods", "p: small on demand with 1 pods"}},
		{"SCH-186 SCH-215 a deferred pod keeps its preferences", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1, inZone("a"), inZone("b")))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-186 and does not give them up for an existing node", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.node(model.Node{Name: "in-b", Free: vector(4, 16, 10)}, map[string]string{label.Zone: "b"})
			w.add(2, w.class(3, 1, inZone("a"), inZone("b")))
		}, []string{"p: small through r with 1 pods", "pod-1 deferred"}},
		{"SCH-215 falling back stays within them", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 0}, reservation{"s", "b", 1}))
			w.add(1, w.class(3, 1, inZone("a"), inZone("b")))
		}, []string{"p: small on demand with 1 pods"}},
		{"SCH-212 a bin gives back what it cannot use any more, for pods tried later", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}, reservation{"s", "b", 1}))
			w.add(1, w.class(3, 1))
			w.add(1, w.class(1, 1, inZone("a")))
			w.add(1, w.class(1, 1, inZone("b")))
		}, []string{"p: small through r with 2 pods", "p: small through s with 1 pods"}},
		{"SCH-215 and for pods deferred earlier in the run", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}, reservation{"s", "b", 1}))
			w.add(1, w.class(3, 1))
			w.add(1, w.class(3, 1, inZone("b")))
			w.add(1, w.class(1, 1, inZone("a")))
		}, []string{"p: small through r with 2 pods", "p: small through s with 1 pods"}},
		{"SCH-212 a bin that deferred a pod takes it once a unit came back", place.StrictReservations, func(w *world) {
			w.poolOf("p", w.sold("large", 8, reservation{"r", "a", 1}, reservation{"s", "b", 1}, reservation{"t", "c", 1}))
			w.add(1, w.class(7, 1, inZone("a", "b"))) // holds r and s
			w.add(1, w.class(6, 1))                   // holds t
			w.add(1, w.class(2, 1, inZone("b")))      // needs s
			w.add(1, w.class(1, 1, inZone("a")))      // makes the first give s back
		}, []string{"p: large through r with 2 pods", "p: large through s with 2 pods"}},
		{"SCH-216 fallback: who gets no unit does without", place.FallbackReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "p: small on demand with 1 pods"}},
		{"SCH-216 fallback: sharing a larger node is no error", place.FallbackReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 16))
			w.add(3, w.class(3, 1))
		}, []string{"p: large on demand with 3 pods"}},
		{"SCH-216 fallback: the unit is free for the next bin then", place.FallbackReservations, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 8))
			w.add(3, w.class(3, 1))
		}, []string{"p: large on demand with 2 pods", "p: small through r with 1 pods"}},
		{"SCH-216 fallback: without anything else on sale the pod is left", place.FallbackReservations, func(w *world) {
			w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "a", 1})))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "pod-1 left"}},
		{"SCH-216 fallback: less wanted pools are asked", place.FallbackReservations, func(w *world) {
			w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "a", 1})))
			w.poolOf("q", w.sold("small", 4))
			w.add(2, w.class(3, 1))
		}, []string{"p: small through r with 1 pods", "q: small on demand with 1 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			in := w.input()
			in.Reservations = tc.mode
			if got := w.bought(place.Solve(in)); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// SCH-290: two reserved types with room for one each and three pods that fit
// either one at a time are served one by one as the provider reports what is
// left.
func TestReservedTypesOnePodARound(t *testing.T) {
	left := map[string]int{"r": 1, "s": 1}
	pods := 3
	for round, want := range [][]string{
		{"p: small through r+s with 1 pods", "pod-1 deferred", "pod-2 deferred"},
		{"p: large through s with 1 pods", "pod-1 deferred"},
		{"p: small on demand with 1 pods"},
	} {
		w := newWorld(t)
		w.poolOf("p", w.sold("small", 4, reservation{"r", "a", left["r"]}), w.sold("large", 5, reservation{"s", "b", left["s"]}))
		w.add(pods, w.class(3, 1))
		plan := place.Solve(w.input())
		if got := w.bought(plan); !slices.Equal(got, want) {
			t.Fatalf("round %d: got %q, want %q", round, got, want)
		}
		ids, _ := w.v.Decompile(plan.Bins[0].Requirements).Get(reservationID)
		if values := ids.Values(); len(values) > 0 {
			left[values[0]]-- // the cheaper one is launched
		}
		pods--
	}
}

// SCH-215: units that launches under way may take are neither free nor used up:
// pods wait for what becomes of them.
func TestLaunchesUnderWayHoldReservations(t *testing.T) {
	for _, tc := range []struct {
		held int
		want string
	}{{0, "p: small through r with 1 pods"}, {1, "p: small through r with 1 pods"}, {2, "pod-0 deferred"}, {3, "pod-0 deferred"}} {
		w := newWorld(t)
		r := w.reserved(reservation{"r", "a", 2}, 0).Reservation.ID
		w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}))
		w.add(1, w.class(3, 1))
		in := w.input()
		for range tc.held {
			in.Snapshot.Held = append(in.Snapshot.Held, r)
		}
		if got := w.bought(place.Solve(in)); !slices.Equal(got, []string{tc.want}) {
			t.Errorf("%d held: got %q", tc.held, got)
		}
	}
}

// SCH-195, SCH-217: minValues count among what the held reservations offer.
func TestReservationsAndMinValues(t *testing.T) {
	for _, tc := range []struct {
		why    string
		policy requirement.MinValuesPolicy
		key    string
		setup  func(*world) []model.Type
		want   []string
	}{
		{"enough reserved types", requirement.StrictMinValues, label.InstanceType, func(w *world) []model.Type {
			return []model.Type{w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 8, reservation{"s", "a", 1})}
		}, []string{"p: small through r+s with 1 pods", "pod-1 deferred"}},
		{"too few ever: the reservation is left alone, and nobody waits for it", requirement.StrictMinValues, label.InstanceType, func(w *world) []model.Type {
			return []model.Type{w.sold("small", 4, reservation{"r", "a", 1}), w.sold("large", 8)}
		}, []string{"p: small on demand with 1 pods", "p: small on demand with 1 pods"}},
		{"best effort: relaxed to those reserved", requirement.BestEffortMinValues, label.InstanceType, func(w *world) []model.Type {
			return []model.Type{w.sold("small", 4, reservation{"r", "a", 2}), w.sold("large", 8)}
		}, []string{"p: small through r with 1 pods", "p: small through r with 1 pods"}},
		{"a reserved node has one capacity type", requirement.StrictMinValues, label.CapacityType, func(w *world) []model.Type {
			return []model.Type{w.sold("small", 8, reservation{"r", "a", 2})}
		}, []string{"p: small on demand with 2 pods"}},
		{"and its own reservations only", requirement.StrictMinValues, reservationID, func(w *world) []model.Type {
			return []model.Type{w.sold("small", 8, reservation{"r", "a", 1}, reservation{"s", "a", 1})}
		}, []string{"p: small through r+s with 2 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			types := tc.setup(w)
			if tc.key == reservationID {
				for i := range types {
					types[i].Requirements = w.v.Conjunction(types[i].Requirements, w.v.Compile(requirement.All(requirement.In(reservationID, "r", "s"))))
				}
			}
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: model.NewCatalogue(w.v, types), Requirements: requirement.All(requirement.Exists(tc.key).WithMinValues(2))})
			w.add(2, w.class(3, 1))
			in := w.input()
			in.MinValues = tc.policy
			plan := place.Solve(in)
			if got := w.bought(plan); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			for _, b := range plan.Bins {
				if b.Relaxed != (tc.policy == requirement.BestEffortMinValues) {
					t.Errorf("relaxed: %t", b.Relaxed)
				}
			}
		})
	}
}

// SCH-216: the reason says that others hold what there is.
func TestReservedReason(t *testing.T) {
	w := newWorld(t)
	w.poolOf("p", onlyReserved(w.sold("small", 4, reservation{"r", "a", 1})))
	w.add(2, w.class(3, 1))
	in := w.input()
	in.Reservations = place.FallbackReservations
	plan := place.Solve(in)
	if len(plan.Unplaced) != 1 || plan.Unplaced[0].Why[0].Cause != reason.Reserved {
		t.Errorf("got %v", plan.Unplaced)
	}
}

// SCH-217: price and markets are those of the reservations, or of what is
// ordinarily sold.
func TestPriceOfReservedBins(t *testing.T) {
	w := newWorld(t)
	w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
	w.add(2, w.class(3, 1))
	in := w.input()
	in.Reservations = place.FallbackReservations
	plan := place.Solve(in)
	if len(plan.Bins) != 2 || plan.Bins[0].Price != 4/1e7 || plan.Bins[1].Price != 4 {
		t.Fatalf("got %+v", plan.Bins)
	}
	for i, want := range []int{1, 2} { // one reservation; two zones on demand
		if n := len(plan.Bins[i].Markets); n != want {
			t.Errorf("bin %d: %d markets, want %d", i, n, want)
		}
	}
}
