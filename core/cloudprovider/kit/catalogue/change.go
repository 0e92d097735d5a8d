// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// Change says what an offering is now: Item.Offering if it stays, else a changed
// copy. It may be called from several goroutines and must not call the base.
type Change func(Item) *cloudprovider.Offering

// All makes the changes one after the other. What one of them makes unavailable
// stays so (KIT-025).
func All(changes ...Change) Change {
	return func(item Item) *cloudprovider.Offering {
		for _, change := range changes {
			now := change(item)
			if !item.Offering.Available {
				now = now.Unavailable()
			}
			item.Offering = now
		}
		return item.Offering
	}
}

// Unavailable makes offerings unavailable for which the condition holds: those
// that are marked, exceed a quota, or do not suit the NodeClass. It is not asked
// about offerings that are unavailable anyway.
func Unavailable(condition func(Item) bool) Change {
	return func(item Item) *cloudprovider.Offering {
		if item.Offering.Available && condition(item) {
			return item.Offering.Unavailable()
		}
		return item.Offering
	}
}

// Refused leaves no room in reservations for which the condition holds: those that
// refused a launch (CP-085).
func Refused(condition func(Item) bool) Change {
	return func(item Item) *cloudprovider.Offering {
		if item.CapacityType == label.Reserved && condition(item) {
			return item.Offering.WithReservationCapacity(0)
		}
		return item.Offering
	}
}

// OnlyZones makes offerings in all other zones unavailable.
func OnlyZones(zones ...string) Change {
	return Unavailable(func(item Item) bool { return !slices.Contains(zones, item.Zone) })
}

// Reservations sets how many more machines each reservation holds, given the key
// of the reservation-ID label. The function is told the reservation and the count
// that the base has for it. Without room the offering is unavailable (CP-052).
func Reservations(idKey string, left func(id string, listed int) int) Change {
	return func(item Item) *cloudprovider.Offering {
		if item.CapacityType != label.Reserved {
			return item.Offering
		}
		id := item.Listed.ReservationID(idKey)
		if id == "" {
			return item.Offering
		}
		return item.Offering.WithReservationCapacity(left(id, item.Listed.ReservationCapacity))
	}
}
