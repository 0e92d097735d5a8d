// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"slices"

	"karpenter.sh/core/engine/label"
)

// leastSpotTypes is how many cheaper spot types there must be for one spot node to
// be replaced by another, and how many its replacement lists (DIS-085).
const leastSpotTypes = 15

// bargain is what a machine must be worth.
type bargain struct {
	// below is what the nodes cost that it replaces, per hour; a launch must cost
	// less.
	below float64
	// spot is set if all of these nodes are spot, allowed if such nodes may be
	// replaced by spot (DIS-083, DIS-084).
	spot, allowed bool
	// single is set if it is one node.
	single bool
}

// narrow leaves of a machine what is worth launching, or says why nothing is.
func (b bargain) narrow(m *machine) (Refusal, bool) {
	if b.spot && m.allows(label.Spot) {
		return b.narrowSpot(m)
	}
	m.cheaper(b.below)
	if len(m.bin.Types) == 0 {
		return Refusal{Cause: NothingCheaper}, false
	}
	if m.short(len(m.bin.Types)) {
		return Refusal{Cause: MinValuesBroken}, false
	}
	settle(m)
	if m.short(len(m.bin.Types)) {
		return Refusal{Cause: MinValuesBroken}, false
	}
	return Refusal{}, true
}

// settle pins a machine that may be spot or on-demand, so that a launch that spot
// capacity is short for fails instead of costing more (DIS-079).
func settle(m *machine) {
	if !m.allows(label.Spot) || !m.allows(label.OnDemand) {
		return
	}
	if !slices.ContainsFunc(m.prices, func(p price) bool { return p.spot }) {
		m.pin(label.OnDemand)
		return
	}
	m.pin(label.Spot)
	m.keep(func(_ int, p price) bool { return p.spot })
}

// narrowSpot is for spot nodes that spot would replace (DIS-085).
func (b bargain) narrowSpot(m *machine) (Refusal, bool) {
	if !b.allowed {
		return Refusal{Cause: SpotToSpotOff}, false
	}
	m.pin(label.Spot)
	m.keep(func(_ int, p price) bool { return p.spot })
	m.cheaper(b.below)
	if len(m.bin.Types) == 0 {
		return Refusal{Cause: NothingCheaper}, false
	}
	if m.short(len(m.bin.Types)) {
		return Refusal{Cause: MinValuesBroken}, false
	}
	if !b.single {
		return Refusal{}, true
	}
	if found := len(m.bin.Types); found < leastSpotTypes {
		return Refusal{Cause: FewSpotTypes, Found: found}, false
	}
	most := leastSpotTypes
	for m.short(most) {
		most++
	}
	listed := slices.Clone(m.bin.Types[:most])
	m.keep(func(t int, _ price) bool { return slices.Contains(listed, t) })
	return Refusal{}, true
}
