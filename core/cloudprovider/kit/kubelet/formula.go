// SPDX-License-Identifier: Apache-2.0

package kubelet

// basis is what shares are parts of.
const basis = 10_000

// Formula says how much of a resource is reserved on a machine. Amounts are
// millicores or bytes; the numbers of a formula are whole units of it. The zero
// Formula reserves nothing.
//
// It is Fixed and PerPod and the shares of the tiers, all added, at most the least
// of AtMost, and Plus. On machines of at most Small.UpTo it is Small.Reserved.
type Formula struct {
	// Unit is the size of a unit: 1 for millicores, 1<<20 for MiB.
	Unit int64
	// Fixed is reserved on every machine.
	Fixed int64
	// PerPod is reserved for each pod that the machine may have.
	PerPod int64
	// Tiers are shares of successive parts of the amount, by UpTo.
	Tiers []Tier
	// Rounding is how shares become whole units.
	Rounding Rounding
	// AtMost are upper bounds of what stands above.
	AtMost []Bound
	// Plus is added after the bounds.
	Plus int64
	// Small is the exception for small machines; nil means none.
	Small *Small
}

// Tier is the share of the amount between the tier before and UpTo.
type Tier struct {
	// UpTo in units; 0 means without end.
	UpTo int64
	// Share in basis points: 600 is 6 %.
	Share int64
}

// Bound is a share of the whole amount and a number of units.
type Bound struct {
	Share int64 // basis points
	Units int64
}

// Small is what machines up to a size reserve.
type Small struct{ UpTo, Reserved int64 }

// Rounding is how shares become whole units.
type Rounding int

const (
	// Down cuts off the fraction of the sum of all tiers.
	Down Rounding = iota
	// DownEachTier cuts off the fraction of each tier.
	DownEachTier
	// Nearest rounds the sum of all tiers to the nearest unit, halves up.
	Nearest
)

// Reserved returns what is reserved, in millicores or bytes, of an amount of them
// and so many pods.
func (f Formula) Reserved(amount, pods int64) int64 {
	if f.Unit <= 0 {
		return 0
	}
	if f.Small != nil && amount <= f.Small.UpTo*f.Unit {
		return f.Small.Reserved * f.Unit
	}
	units := f.Fixed + f.PerPod*pods + f.tiers(amount)
	for _, bound := range f.AtMost {
		units = min(units, f.whole(amount*bound.Share)+bound.Units)
	}
	return (units + f.Plus) * f.Unit
}

// tiers returns the shares of all tiers, in units.
func (f Formula) tiers(amount int64) int64 {
	var units, parts, from int64 // parts are of what is not yet whole
	for _, tier := range f.Tiers {
		to := tier.UpTo * f.Unit
		if tier.UpTo == 0 || to > amount {
			to = amount
		}
		parts += max(0, to-from) * tier.Share
		if f.Rounding == DownEachTier {
			units, parts = units+f.whole(parts), 0
		}
		from = to
	}
	return units + f.whole(parts)
}

// whole turns parts in basis points of millicores or bytes into whole units.
func (f Formula) whole(parts int64) int64 {
	if f.Rounding == Nearest {
		parts += basis * f.Unit / 2
	}
	return parts / (basis * f.Unit)
}
