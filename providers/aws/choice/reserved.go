// SPDX-License-Identifier: Apache-2.0

package choice

import (
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Reservation is a kind of reservation, which decides how a fleet is asked for
// (AWS-290).
type Reservation int

// The kinds, in the order in which equal prices are preferred (AWS-280).
const (
	// Unreserved is no reservation.
	Unreserved Reservation = iota
	// ReservationDefault is an on-demand capacity reservation.
	ReservationDefault
	// ReservationCapacityBlock is a capacity block.
	ReservationCapacityBlock
	// ReservationInterruptible is a reservation that its owner may take back.
	ReservationInterruptible
)

// kindOf is the kind of a reserved offering; false for a combination that is not
// sold.
func kindOf(o *cloudprovider.Offering) (Reservation, bool) {
	block := o.Value(v1.LabelCapacityReservationType) == string(v1.CapacityReservationTypeCapacityBlock)
	interruptible := o.Value(v1.LabelCapacityReservationInterruptible) == "true"
	switch {
	case block && interruptible:
		return Unreserved, false
	case block:
		return ReservationCapacityBlock, true
	case interruptible:
		return ReservationInterruptible, true
	}
	return ReservationDefault, true
}

// reserve narrows to the kind of reservation with the cheapest offering, if there is
// any reserved offering (steps 2 and 3 of AWS-280).
func reserve(candidates []Candidate) ([]Candidate, Reservation) {
	kind := Unreserved
	var best *cloudprovider.Offering
	for _, c := range candidates {
		for _, o := range c.Offerings.OfCapacityType(label.Reserved) {
			k, sold := kindOf(o)
			if sold && (best == nil || o.Price < best.Price || o.Price == best.Price && k < kind) {
				best, kind = o, k
			}
		}
	}
	if best == nil {
		return keep(candidates, func(o *cloudprovider.Offering) bool { return o.CapacityType() != label.Reserved }), Unreserved
	}
	left := keep(candidates, func(o *cloudprovider.Offering) bool {
		k, sold := kindOf(o)
		return o.CapacityType() == label.Reserved && sold && k == kind
	})
	if kind == ReservationCapacityBlock {
		byPrice(left)
		return []Candidate{{left[0].Type, left[0].Offerings[:1]}}, kind
	}
	return left, kind
}
