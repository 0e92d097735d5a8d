// SPDX-License-Identifier: Apache-2.0

package requirement

import "iter"

// MayBeUndefined says for which keys an offer may leave the value open. Strict
// comparison uses [Strict]; lenient comparison passes the test for well-known
// labels (SCH-057).
type MayBeUndefined func(key string) bool

// Strict lets no key be undefined.
func Strict(string) bool { return false }

// Mismatch says why an offer does not meet one wanted requirement.
type Mismatch struct {
	Wanted  Requirement
	Offered Requirement // meaningless when Undefined
	// Undefined means the offer says nothing about the key and may not.
	Undefined bool
}

// Compatible reports whether rs, as an offer, can meet everything wanted
// (SCH-057). Keys that only rs restricts never matter.
func (rs Requirements) Compatible(wanted Requirements, open MayBeUndefined) bool {
	for range rs.Mismatches(wanted, open) {
		return false
	}
	return true
}

// Mismatches yields, by key, every wanted requirement that rs cannot meet.
func (rs Requirements) Mismatches(wanted Requirements, open MayBeUndefined) iter.Seq[Mismatch] {
	return func(yield func(Mismatch) bool) {
		for _, w := range wanted.sorted {
			if m, bad := rs.mismatch(w, open); bad && !yield(m) {
				return
			}
		}
	}
}

func (rs Requirements) mismatch(wanted Requirement, open MayBeUndefined) (Mismatch, bool) {
	offered, defined := rs.Get(wanted.key)
	if !defined {
		met := wanted.absent || (open(wanted.key) && !wanted.Unsatisfiable())
		return Mismatch{Wanted: wanted, Undefined: true}, !met
	}
	return Mismatch{Wanted: wanted, Offered: offered}, !offered.Overlaps(wanted)
}

// Overlaps reports whether the keys that both restrict overlap; keys that only
// one restricts do not matter (instance type against planned node, SCH-058).
func (rs Requirements) Overlaps(o Requirements) bool {
	small, large := rs, o
	if small.Len() > large.Len() {
		small, large = large, small
	}
	for _, r := range small.sorted {
		if other, ok := large.Get(r.key); ok && !r.Overlaps(other) {
			return false
		}
	}
	return true
}
