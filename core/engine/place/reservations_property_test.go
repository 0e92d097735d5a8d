// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// market is a generated world with reservations.
type market struct {
	*world
	capacity map[string]int // the least that any type reports
	rand     *rand.Rand
}

func newMarket(t *testing.T, seed uint64) *market {
	m := &market{world: newWorld(t), capacity: map[string]int{}, rand: rand.New(rand.NewPCG(seed, 1))}
	reservations := 1 + m.rand.IntN(6)
	for i := range 1 + m.rand.IntN(3) {
		var limits []model.Limit
		if m.rand.IntN(3) == 0 {
			limits = append(limits, model.Limit{Resource: resource.CPU, Amount: int64(20_000 + m.rand.IntN(100_000))})
		}
		o := model.TemplateOptions{Pool: fmt.Sprint("p", i), Catalogue: model.NewCatalogue(m.v, m.types(reservations))}
		if m.rand.IntN(4) == 0 {
			o.Requirements = requirement.All(requirement.Exists(label.InstanceType).WithMinValues(1 + m.rand.IntN(3)))
		}
		m.pool(o, limits...)
	}
	for range 1 + m.rand.IntN(12) {
		m.add(1+m.rand.IntN(4), m.class(int64(1+m.rand.IntN(9)), 1, m.terms()...))
	}
	return m
}

func (m *market) types(reservations int) []model.Type {
	var out []model.Type
	for _, cpu := range []int64{4, 8, 16} {
		var through []reservation
		for i := range reservations {
			if m.rand.IntN(3) == 0 {
				through = append(through, m.report(fmt.Sprint("r", i), string(rune('a'+i%3))))
			}
		}
		t := m.sold(fmt.Sprint(cpu), cpu, through...)
		if len(through) > 0 && m.rand.IntN(4) == 0 {
			t = onlyReserved(t)
		}
		out = append(out, t)
	}
	return out
}

func (m *market) report(id, zone string) reservation {
	r := reservation{id, zone, m.rand.IntN(5)}
	if least, known := m.capacity[id]; !known || r.capacity < least {
		m.capacity[id] = r.capacity
	}
	return r
}

func (m *market) terms() []requirement.Requirements {
	var out []requirement.Requirements
	for range 1 + m.rand.IntN(2) {
		switch m.rand.IntN(4) {
		case 0:
			out = append(out, requirement.All(requirement.In(label.CapacityType, label.Reserved)))
		case 1:
			out = append(out, inZone([]string{"a", "b", "c"}[m.rand.IntN(3)]))
		case 2:
			out = append(out, inZone("a", "b"))
		default:
			out = append(out, requirement.Requirements{})
		}
	}
	return out
}

// SCH-212, SCH-213, SCH-216, SCH-217: whatever the world, no plan uses a
// reservation beyond its capacity, every bin can be bought as it is described,
// and every pod is accounted for once.
func TestReservationsAreNeverOverdrawn(t *testing.T) {
	held, deferred, alone := 0, 0, 0
	for seed := range uint64(3000) {
		m := newMarket(t, seed)
		in := m.input()
		in.Reservations = place.ReservationMode(seed % 2)
		in.MinValues = []requirement.MinValuesPolicy{requirement.StrictMinValues, requirement.BestEffortMinValues}[seed/2%2]
		in.Repack = place.RepackSteps * int(seed/4%2)
		key := m.v.Key(reservationID)
		for _, id := range slices.Sorted(maps.Keys(m.capacity)) {
			for range m.rand.IntN(2) {
				in.Snapshot.Held = append(in.Snapshot.Held, constraint.Label{Key: key, Value: m.v.Value(key, id)})
			}
		}
		plan := place.Solve(in)
		m.checkUnits(in, plan)
		for _, b := range plan.Bins {
			if m.checkBin(b) {
				held++
			} else {
				alone++
			}
		}
		m.checkPods(plan)
		if in.Reservations == place.FallbackReservations && len(plan.Deferred) > 0 {
			t.Errorf("pods deferred in fallback mode")
		}
		deferred += len(plan.Deferred)
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, m.bought(plan))
		}
	}
	if held < 1000 || deferred < 1000 || alone < 1000 {
		t.Errorf("the worlds are too dull: %d bins with reservations, %d without, %d pods deferred", held, alone, deferred)
	}
}

func (m *market) checkUnits(in place.Input, plan place.Plan) {
	used := map[string]int{}
	for _, h := range in.Snapshot.Held {
		used[m.v.ValueName(h.Key, h.Value)]++
	}
	for id, n := range used {
		used[id] = min(n, m.capacity[id]) // launches under way may be more; no bin may be
	}
	for _, b := range plan.Bins {
		ids, _ := m.v.Decompile(b.Requirements).Get(reservationID)
		for _, id := range ids.Values() {
			if used[id]++; used[id] > m.capacity[id] {
				m.t.Errorf("reservation %s is used beyond its %d", id, m.capacity[id])
			}
		}
	}
}

// checkBin reports whether the bin is bound to reservations.
func (m *market) checkBin(b place.Bin) bool {
	pool := m.pools[b.Pool]
	rs := m.v.Decompile(b.Requirements)
	ids, reserved := rs.Get(reservationID)
	if len(b.Types) == 0 || len(b.Markets) == 0 {
		m.t.Errorf("a bin that cannot be bought")
	}
	for _, sets := range b.Markets {
		market := m.v.Decompile(sets)
		id, _ := market.Get(reservationID)
		if one, _ := id.Single(); reserved && !ids.Has(one) || !reserved && one != "" {
			m.t.Errorf("bin bound to %s is sold in %s", rs, market)
		}
	}
	for _, i := range b.Types {
		t := pool.Catalogue.Type(i)
		if !b.Requests.FitsIn(t.Groups[0].Allocatable) {
			m.t.Errorf("type %s does not hold the pods", t.Name)
		}
		if !m.sells(t, rs) {
			m.t.Errorf("type %s cannot be had with %s", t.Name, rs)
		}
	}
	for _, minimum := range b.Minimums {
		if len(b.Types) < minimum.Values {
			m.t.Errorf("%d types, fewer than minValues %d", len(b.Types), minimum.Values)
		}
	}
	return reserved
}

func (m *market) sells(t *model.Type, rs requirement.Requirements) bool {
	for _, o := range t.Groups[0].Offerings {
		open := func(key string) bool { return m.open.Has(int(m.v.Key(key))) }
		if o.Available && rs.Compatible(m.v.Decompile(o.Requirements), open) {
			return true
		}
	}
	return false
}

func (m *market) checkPods(plan place.Plan) {
	seen := make([]int, len(m.pods))
	for _, b := range plan.Bins {
		for _, pod := range b.Pods {
			seen[pod]++
		}
	}
	for _, pod := range plan.Deferred {
		seen[pod]++
	}
	for _, u := range plan.Unplaced {
		seen[u.Pod]++
	}
	for pod, n := range seen {
		if n != 1 {
			m.t.Errorf("%s is accounted for %d times", m.pods[pod], n)
		}
	}
}
