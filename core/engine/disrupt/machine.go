// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"cmp"
	"math"
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
)

// machine is a planned bin that is narrowed to what is worth launching. It shares
// nothing that it changes with the plan.
type machine struct {
	bin        place.Bin
	template   *model.Template
	vocabulary *constraint.Vocabulary
	markets    bitset.Set // compatible with the bin's requirements
	prices     []price    // by place in bin.Types, which is in the order of cheapest
}

// price is what a type costs per hour in the markets of a machine.
type price struct {
	cheapest float64
	// worst is what a launch may cost: the most expensive offering of the capacity
	// type that is tried first. Infinite without any offering (DIS-077).
	worst float64
	// spot tells that there is a spot offering.
	spot bool
}

func newMachine(asked place.Input, bin place.Bin) *machine {
	m := &machine{bin: bin, template: asked.Snapshot.Pools[bin.Pool].Template, vocabulary: asked.Snapshot.Vocabulary}
	m.enter(bin.Requirements)
	return m
}

// enter restricts the machine to requirements, and orders its types by what they cost
// under these.
func (m *machine) enter(requirements constraint.Sets) {
	catalogue := m.template.Catalogue
	m.bin.Requirements = requirements
	m.markets = catalogue.Offered(requirements, m.template.Open).Markets
	types, known := slices.Clone(m.bin.Types), make(map[int]price, len(m.bin.Types))
	for _, t := range types {
		known[t] = m.priceOf(t)
	}
	slices.SortStableFunc(types, func(a, b int) int { return cmp.Compare(known[a].cheapest, known[b].cheapest) })
	m.set(types, known)
}

// keep drops the types that do not satisfy a condition.
func (m *machine) keep(satisfies func(t int, p price) bool) {
	known := make(map[int]price, len(m.bin.Types))
	var types []int
	for i, t := range m.bin.Types {
		if satisfies(t, m.prices[i]) {
			types = append(types, t)
			known[t] = m.prices[i]
		}
	}
	m.set(types, known)
}

func (m *machine) set(types []int, known map[int]price) {
	m.bin.Types, m.prices = types, make([]price, len(types))
	for i, t := range types {
		m.prices[i] = known[t]
	}
	m.bin.Markets = slices.Clone(m.template.Catalogue.Markets(m.template.Catalogue.VariantsOf(types), m.markets))
	m.bin.Price = 0
	if len(types) > 0 {
		m.bin.Price = m.prices[0].cheapest
	}
}

// tried are the capacity types in the order in which a launch tries them.
var tried = []string{label.Reserved, label.Spot, label.OnDemand}

func (m *machine) priceOf(t int) price {
	p := price{cheapest: math.Inf(1), worst: math.Inf(1)}
	first, dearest := len(tried), 0.0
	for market, each := range m.template.Catalogue.Buys(t, m.markets) {
		p.cheapest = min(p.cheapest, each)
		at := slices.IndexFunc(tried, func(capacityType string) bool { return m.admits(market, capacityType) })
		switch {
		case at < 0:
			continue
		case at < first:
			first, dearest = at, each
		case at == first:
			dearest = max(dearest, each)
		}
		p.spot = p.spot || tried[at] == label.Spot
	}
	if first < len(tried) {
		p.worst = dearest
	}
	return p
}

// admits reports whether requirements leave a capacity type open.
func (m *machine) admits(requirements constraint.Sets, capacityType string) bool {
	key, known := m.vocabulary.FindKey(label.CapacityType)
	if !known {
		return true
	}
	set, restricted := requirements.Get(key)
	if !restricted {
		return true
	}
	value, known := m.vocabulary.FindValue(key, capacityType)
	return known && m.vocabulary.Has(key, set, value)
}

// allows reports whether the machine may be of a capacity type.
func (m *machine) allows(capacityType string) bool { return m.admits(m.bin.Requirements, capacityType) }

// pin restricts the machine to a capacity type.
func (m *machine) pin(capacityType string) {
	only := m.vocabulary.Compile(requirement.All(requirement.In(label.CapacityType, capacityType)))
	m.enter(m.vocabulary.Conjunction(m.bin.Requirements, only))
}

// cheaper drops the types that a launch may pay as much for as a price, or more.
func (m *machine) cheaper(than float64) { m.keep(func(_ int, p price) bool { return p.worst < than }) }

// short reports whether the first so many types miss a minValues of the pool, as the
// pool has it, whatever the policy (DIS-078).
func (m *machine) short(types int) bool {
	variants := m.template.Catalogue.VariantsOf(m.bin.Types[:types])
	return slices.ContainsFunc(m.template.Minimums, func(least model.Minimum) bool {
		return m.template.Distinct(least.Key, variants) < least.Values
	})
}
