// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/requirement"
)

// Offering is one way to buy an instance type (CP-050). It is immutable once
// its type has been returned.
type Offering struct {
	// Requirements hold zone and capacity type with exactly one value each, and
	// whatever else sets this offering apart from the type's others.
	Requirements requirement.Requirements
	// Price per hour, in one currency for each provider; 0 or more (CP-064).
	Price float64
	// Available means that a launch is worth trying now (CP-052). An unavailable
	// offering keeps its last price.
	Available bool
	// ReservationCapacity is how many more machines the reservation holds; 0 for
	// offerings that are not reserved (CP-068).
	ReservationCapacity int
	// CapacityOverride adds to or replaces the type's capacity; empty means none.
	CapacityOverride corev1.ResourceList
	// OverheadOverride replaces the type's overhead for the resources it names;
	// nil means none.
	OverheadOverride *Overhead
	// PriceOverlaid says that a NodeOverlay set the price (API-141).
	PriceOverlaid bool
	// Draws are what a machine takes of limits that it shares with others, such as quotas
	// of the account (CP-130); empty means nothing.
	Draws []ration.Draw
}

// Value returns the offering's only value for a label, or the empty string.
func (o *Offering) Value(key string) string {
	r, _ := o.Requirements.Get(key)
	v, _ := r.Single()
	return v
}

// Zone is the zone a machine would run in.
func (o *Offering) Zone() string { return o.Value(label.Zone) }

// CapacityType is one of the values of karpenter.sh/capacity-type.
func (o *Offering) CapacityType() string { return o.Value(label.CapacityType) }

// ReservationID is the reservation behind a reserved offering, given the
// provider's key for it; empty for all others (CP-051).
func (o *Offering) ReservationID(key string) string { return o.Value(key) }

// CompatibleWith reports whether a machine with these requirements may use the
// offering: open are the keys that the requirements may leave undefined, the
// well-known labels.
func (o *Offering) CompatibleWith(reqs requirement.Requirements, open requirement.MayBeUndefined) bool {
	return reqs.Compatible(o.Requirements, open)
}

// Unavailable returns the offering as not worth trying; itself if it is not.
func (o *Offering) Unavailable() *Offering {
	if !o.Available {
		return o
	}
	out := *o
	out.Available = false
	return &out
}

// WithReservationCapacity returns the offering of a reservation that has room
// for so many more machines; itself if nothing changes. Without room it is
// unavailable (CP-052).
func (o *Offering) WithReservationCapacity(n int) *Offering {
	if n == o.ReservationCapacity && (n > 0 || !o.Available) {
		return o
	}
	out := *o
	out.ReservationCapacity = max(n, 0)
	out.Available = o.Available && n > 0
	return &out
}

// Offerings is a list of offerings. Its methods leave it as it is and return
// lists of their own, in the same order (CP-057).
type Offerings []*Offering

// Available returns those worth trying now.
func (os Offerings) Available() Offerings {
	return os.filter(func(o *Offering) bool { return o.Available })
}

// Compatible returns those that a machine with these requirements may use,
// available or not.
func (os Offerings) Compatible(reqs requirement.Requirements, open requirement.MayBeUndefined) Offerings {
	return os.filter(func(o *Offering) bool { return o.CompatibleWith(reqs, open) })
}

// HasCompatible reports whether a machine with these requirements may use any.
func (os Offerings) HasCompatible(reqs requirement.Requirements, open requirement.MayBeUndefined) bool {
	return slices.ContainsFunc(os, func(o *Offering) bool { return o.CompatibleWith(reqs, open) })
}

// OfCapacityType returns those of one capacity type.
func (os Offerings) OfCapacityType(capacityType string) Offerings {
	return os.filter(func(o *Offering) bool { return o.CapacityType() == capacityType })
}

func (os Offerings) filter(keep func(*Offering) bool) Offerings {
	out := make(Offerings, 0, len(os))
	for _, o := range os {
		if keep(o) {
			out = append(out, o)
		}
	}
	return out
}
