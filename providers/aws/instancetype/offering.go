// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"strconv"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/quota"
)

// seller makes the offerings of the types of a subject, as if all were in stock.
type seller struct {
	subject  subject
	zones    map[string]zone
	prices   Prices
	reserved bool // the gate ReservedCapacity
	// slots are the places and ways to buy, the same for all types, so that types share
	// their requirements.
	slots []slot
}

// slot is one way to buy any type.
type slot struct {
	zone, capacityType string
	class              ec2types.UsageClassType
	requirements       requirement.Requirements
	// usable: the NodeClass has a subnet in the zone.
	usable bool
}

// newSeller lays out the slots of all zones of the region (AWS-230).
func newSeller(s subject, regionZones []string, prices Prices, reserved bool) *seller {
	out := &seller{subject: s, zones: s.zones(), prices: prices, reserved: reserved}
	for _, zone := range regionZones {
		for _, bought := range []struct {
			capacityType string
			class        ec2types.UsageClassType
		}{{label.OnDemand, ec2types.UsageClassTypeOnDemand}, {label.Spot, ec2types.UsageClassTypeSpot}} {
			_, usable := out.zones[zone]
			reqs := out.place(zone, bought.capacityType).With(
				requirement.DoesNotExist(v1.LabelCapacityReservationID),
				requirement.DoesNotExist(v1.LabelCapacityReservationType),
				requirement.DoesNotExist(v1.LabelCapacityReservationInterruptible),
			)
			for _, one := range out.partitioned(reqs) {
				out.slots = append(out.slots, slot{zone, bought.capacityType, bought.class, one, usable})
			}
		}
	}
	return out
}

// place are the requirements of any offering. Where some zones have a known ID, the
// others have none.
func (s *seller) place(zone, capacityType string) requirement.Requirements {
	reqs := requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType))
	switch id := s.zones[zone].id; {
	case id != "":
		return reqs.With(requirement.In(v1.LabelTopologyZoneID, id))
	case s.knowsZoneIDs():
		return reqs.With(requirement.DoesNotExist(v1.LabelTopologyZoneID))
	}
	return reqs
}

func (s *seller) knowsZoneIDs() bool {
	for _, z := range s.zones {
		if z.id != "" {
			return true
		}
	}
	return false
}

// partitioned multiplies an offering into one for each partition of the group
// (AWS-362).
func (s *seller) partitioned(reqs requirement.Requirements) []requirement.Requirements {
	partitions := s.subject.partitions()
	if len(partitions) == 0 {
		return []requirement.Requirements{reqs}
	}
	out := make([]requirement.Requirements, len(partitions))
	for i, p := range partitions {
		out[i] = reqs.With(requirement.In(v1.LabelPlacementGroupPartition, p))
	}
	return out
}

// partitions are those of the group, from 1; none unless its strategy is partition.
func (s subject) partitions() []string {
	if s.group == nil || s.group.Strategy != string(ec2types.PlacementGroupStrategyPartition) {
		return nil
	}
	var out []string
	for i := range s.group.Partitions {
		out = append(out, strconv.Itoa(int(i)+1))
	}
	return out
}

// offerings of a type. Those that the NodeClass could never use are there, and
// unavailable (CP-032, CP-052).
func (s *seller) offerings(d *description, suits bool) cloudprovider.Offerings {
	out := make(cloudprovider.Offerings, 0, len(s.slots))
	draws := map[string][]ration.Draw{}
	for _, capacityType := range []string{label.OnDemand, label.Spot} {
		draws[capacityType] = quota.Draws(capacityType, d.name, d.vcpus())
	}
	for i := range s.slots {
		slot := &s.slots[i]
		if !d.buys(slot.class) {
			continue
		}
		quote, priced := s.prices.Price(price.Offering{InstanceType: d.name, CapacityType: slot.capacityType, Zone: slot.zone})
		out = append(out, &cloudprovider.Offering{
			Requirements: slot.requirements, Price: quote.Price, Draws: draws[slot.capacityType],
			Available: suits && slot.usable && priced && d.sells(slot.zone),
		})
	}
	return append(out, s.reservedOfferings(d, suits)...)
}

// reservedOfferings have no room in them: that is for the views to say (AWS-352).
func (s *seller) reservedOfferings(d *description, suits bool) cloudprovider.Offerings {
	if !s.reserved {
		return nil
	}
	var out cloudprovider.Offerings
	for _, r := range s.subject.reservations(d.name) {
		_, usable := s.zones[r.AvailabilityZone]
		quote, _ := s.prices.Price(price.Offering{InstanceType: d.name, CapacityType: label.Reserved, Zone: r.AvailabilityZone})
		reqs := s.place(r.AvailabilityZone, label.Reserved).With(
			requirement.In(v1.LabelCapacityReservationID, r.ID),
			requirement.In(v1.LabelCapacityReservationType, string(reservationType(r))),
			requirement.In(v1.LabelCapacityReservationInterruptible, strconv.FormatBool(r.Interruptible)),
		)
		for _, one := range s.partitioned(reqs) {
			out = append(out, &cloudprovider.Offering{
				Requirements: one, Price: quote.Price,
				Available: suits && usable && r.State != v1.CapacityReservationStateExpiring,
			})
		}
	}
	return out
}

func reservationType(r *v1.CapacityReservation) v1.CapacityReservationType {
	if r.ReservationType == "" {
		return v1.CapacityReservationTypeDefault
	}
	return r.ReservationType
}
