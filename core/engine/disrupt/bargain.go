// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"slices"

	"karpenter.sh/core/engine/label"
)

// mostSpotTypes is how many of the cheapest types a spot node that replaces spot
// nodes lists at most, and leastSpotSaving the share of their price that it must save
// (DIS-085).
const (
	mostSpotTypes   = 15
	leastSpotSaving = 0.1
)

// bargain is what a machine must be worth.
type bargain struct {
	// below is what a launch must cost less than, per hour.
	below float64
	// belowSpot is the same where spot replaces spot (DIS-085).
	belowSpot float64
	// spot is set if all nodes that it replaces are spot, allowed if such nodes may
	// be replaced by spot (DIS-083, DIS-084).
	spot, allowed bool
}

// narrow leaves of a machine what is worth launching, or says why nothing is.
func (b bargain) narrow(m *machine) (Refusal, bool) {
	if b.spot && m.allows(label.Spot) && slices.ContainsFunc(m.prices, func(p price) bool { return p.spot }) {
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

// narrowSpot is for spot nodes that spot would replace (DIS-085). Of all types that
// hold the pods the cheaper half is kept, at most fifteen, and all of them must cost
// less: who has one of these types has no reason to change, so that nodes do not
// walk down the list.
func (b bargain) narrowSpot(m *machine) (Refusal, bool) {
	if !b.allowed {
		return Refusal{Cause: SpotToSpotOff}, false
	}
	m.pin(label.Spot)
	m.keep(func(_ int, p price) bool { return p.spot })
	least := min(mostSpotTypes, (len(m.bin.Types)+1)/2)
	m.cheaper(min(b.below, b.belowSpot))
	found := len(m.bin.Types)
	switch {
	case found == 0:
		return Refusal{Cause: NothingCheaper}, false
	case m.short(found):
		return Refusal{Cause: MinValuesBroken}, false
	case found < least:
		return Refusal{Cause: FewSpotTypes, Found: found, Needed: least}, false
	}
	for m.short(least) {
		least++
	}
	listed := slices.Clone(m.bin.Types[:least])
	m.keep(func(t int, _ price) bool { return slices.Contains(listed, t) })
	return Refusal{}, true
}
