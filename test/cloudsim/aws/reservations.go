// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"slices"

	"karpenter.sh/test/cloudsim/wire"
)

const capacityBlock = "capacity-block"

// reservation is a capacity reservation in use.
type reservation struct {
	Reservation
	left int
}

// takeReservation puts a launch into the reservation that it targets, or into an open
// one that fits, if its preference allows that.
func (r *request) takeReservation(i *instance) *wire.Error {
	given := i.data.Tree("CapacityReservationSpecification")
	preference := given.Str("CapacityReservationPreference")
	id := given.Tree("CapacityReservationTarget").Str("CapacityReservationId")
	if id == "" {
		if preference == "" || preference == "open" || preference == "capacity-reservations-only" {
			i.reserve = r.openReservation(i)
		}
		if i.reserve == nil && preference == "capacity-reservations-only" {
			return wire.Errorf("ReservationCapacityExceeded", "There is no open capacity reservation with room that matches.")
		}
		return nil
	}
	at := slices.IndexFunc(r.reservations, func(v *reservation) bool { return v.ID == id })
	if at < 0 {
		return wire.Errorf("InvalidCapacityReservationId.NotFound", "The capacity reservation '%s' does not exist", id)
	}
	v := r.reservations[at]
	switch {
	case v.Type != i.kind.name || v.Zone != i.subnet.Zone:
		return wire.Errorf("InvalidParameterValue", "The capacity reservation '%s' does not match the instance's type and zone.", id)
	case v.End != nil && !r.now.Before(*v.End):
		return wire.Errorf("InvalidCapacityReservationState", "The capacity reservation '%s' is not active", id)
	case v.left == 0:
		return wire.Errorf("ReservationCapacityExceeded", "Requested reservation does not have sufficient compatible and available capacity for this request.")
	}
	v.left--
	i.reserve = v
	return nil
}

func (r *request) openReservation(i *instance) *reservation {
	for _, v := range r.reservations {
		if v.Match == "open" && v.Kind != capacityBlock && v.left > 0 && v.Type == i.kind.name &&
			v.Zone == i.subnet.Zone && i.pool.Capacity == onDemand && (v.End == nil || r.now.Before(*v.End)) {
			v.left--
			return v
		}
	}
	return nil
}

// giveReservation leaves the instance's reservation; it is told no more that it was in
// one only when it is gone.
func (i *instance) giveReservation() {
	if i.reserve != nil {
		i.reserve.left++
	}
}

func describeCapacityReservations(r *request) (wire.Tree, error) {
	id := func(v *reservation) string { return v.ID }
	all := slices.SortedFunc(slices.Values(r.reservations), func(a, b *reservation) int { return compare(a.ID, b.ID) })
	all, err := byIDs(all, r.in.Strs("CapacityReservationIds"), id, "InvalidCapacityReservationId.NotFound", "capacity reservation")
	if err != nil {
		return nil, err
	}
	all, err = selectBy(all, r.in.Trees("Filters"), attributes[*reservation]{
		values: map[string]func(*reservation) []string{
			"state":                   one(r.reservationState),
			"owner-id":                one(r.reservationOwner),
			"instance-type":           one(func(v *reservation) string { return v.Type }),
			"availability-zone":       one(func(v *reservation) string { return v.Zone }),
			"instance-match-criteria": one(func(v *reservation) string { return v.Match }),
		},
		tags: func(v *reservation) map[string]string { return v.Tags },
	})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	all, err = cut(r, all, id, ec2Paging(), out)
	var list []wire.Tree
	for _, v := range all {
		list = append(list, r.reservationTree(v))
	}
	out["CapacityReservations"] = list
	return out, err
}

func (r *request) reservationState(v *reservation) string {
	if v.End != nil && !r.now.Before(*v.End) {
		return "expired"
	}
	return "active"
}

func (r *request) reservationOwner(v *reservation) string {
	return first(v.Owner, r.options.Setup.Account)
}

func (r *request) reservationTree(v *reservation) wire.Tree {
	zone, _ := r.zone(v.Zone)
	out := wire.Tree{
		"CapacityReservationId": v.ID, "CapacityReservationArn": r.arn("capacity-reservation/" + v.ID),
		"OwnerId": r.reservationOwner(v), "InstanceType": v.Type, "InstancePlatform": "Linux/UNIX",
		"AvailabilityZone": v.Zone, "AvailabilityZoneId": zone.ID, "Tenancy": "default",
		"TotalInstanceCount": v.Count, "AvailableInstanceCount": v.left, "EbsOptimized": false, "EphemeralStorage": false,
		"State": r.reservationState(v), "InstanceMatchCriteria": v.Match, "EndDateType": "unlimited",
		"ReservationType": first(v.Kind, "default"), "Tags": tagTrees(v.Tags),
	}
	if v.End != nil {
		out["EndDate"], out["EndDateType"] = *v.End, "limited"
	}
	return out
}
