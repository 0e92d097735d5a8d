// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/launchtemplate"
)

// plan is a fleet that can be asked for.
type plan struct {
	terms Terms
	// offers in order, each in a zone with a subnet.
	offers []Offer
	// subnets are those chosen, by zone.
	subnets  map[string]string
	machines int
}

// Plan is the request for a fleet of so many machines (AWS-290, AWS-291). Offers are in
// order and have subnets in their zones.
func Plan(terms Terms, offers []Offer, subnets map[string]string, machines int) *ec2.CreateFleetInput {
	return plan{terms: terms, offers: offers, subnets: subnets, machines: machines}.input()
}

func (p plan) input() *ec2.CreateFleetInput {
	in := &ec2.CreateFleetInput{
		Type:                  types.FleetTypeInstant,
		LaunchTemplateConfigs: p.configs(),
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(p.machines)),
		},
	}
	p.terms.strategyOf(in)
	if p.terms.Context != "" {
		in.Context = aws.String(p.terms.Context)
	}
	for _, kind := range []types.ResourceType{types.ResourceTypeInstance, types.ResourceTypeVolume, types.ResourceTypeFleet} {
		in.TagSpecifications = append(in.TagSpecifications, types.TagSpecification{ResourceType: kind, Tags: launchtemplate.Listed(p.terms.Tags)})
	}
	return in
}

// strategyOf is the table of AWS-290.
func (t Terms) strategyOf(in *ec2.CreateFleetInput) {
	target := types.DefaultTargetCapacityTypeOnDemand
	switch {
	case t.CapacityType == label.Spot:
		target = types.DefaultTargetCapacityTypeSpot
		in.SpotOptions = &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized}
		if t.ByPrice {
			in.SpotOptions.AllocationStrategy = types.SpotAllocationStrategyCapacityOptimizedPrioritized
		}
	case t.Reservation == choice.ReservationCapacityBlock:
		target = types.DefaultTargetCapacityTypeCapacityBlock
	case t.Reservation == choice.ReservationInterruptible:
		target = types.DefaultTargetCapacityTypeReservedCapacity
		in.ReservedCapacityOptions = &types.ReservedCapacityOptionsRequest{
			ReservationTypes: []types.FleetReservationType{types.FleetReservationTypeInterruptibleCapacityReservation},
		}
	default:
		in.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyLowestPrice}
		if t.ByPrice {
			in.OnDemandOptions.AllocationStrategy = types.FleetOnDemandAllocationStrategyPrioritized
		}
	}
	in.TargetCapacitySpecification.DefaultTargetCapacityType = target
}

// configs are one for each template, in the order of its cheapest offer. Priorities are the
// ranks of prices, since EC2 takes whole numbers from 0.
func (p plan) configs() []types.FleetLaunchTemplateConfigRequest {
	at := map[string]int{}
	rank := ranks(p.offers)
	var out []types.FleetLaunchTemplateConfigRequest
	for _, o := range p.offers {
		i, known := at[o.Template]
		if !known {
			i = len(out)
			at[o.Template] = i
			out = append(out, types.FleetLaunchTemplateConfigRequest{LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateName: aws.String(o.Template), Version: aws.String("$Latest"),
			}})
		}
		out[i].Overrides = append(out[i].Overrides, types.FleetLaunchTemplateOverridesRequest{
			InstanceType: types.InstanceType(o.Type), ImageId: aws.String(o.ImageID), AvailabilityZone: aws.String(o.Zone),
			SubnetId: aws.String(p.subnets[o.Zone]), Priority: aws.Float64(rank[o.Price]),
		})
	}
	return out
}

// ranks are those of the prices, from 0 for the lowest.
func ranks(offers []Offer) map[float64]float64 {
	prices := make([]float64, len(offers))
	for i, o := range offers {
		prices[i] = o.Price
	}
	slices.Sort(prices)
	out := map[float64]float64{}
	for i, price := range slices.Compact(prices) {
		out[price] = float64(i)
	}
	return out
}

// maxTemplates is how many launch templates a fleet has at most (EC2).
const maxTemplates = 50

// within cuts a list of offers where it would name more templates.
func within(offers []Offer, most int) []Offer {
	seen := map[string]bool{}
	for i, o := range offers {
		if seen[o.Template] = true; len(seen) > most {
			return offers[:i]
		}
	}
	return offers
}

// templates are the names that offers use, each once, in their order.
func templates(offers []Offer) []string {
	seen := map[string]bool{}
	var out []string
	for _, o := range offers {
		if !seen[o.Template] {
			seen[o.Template] = true
			out = append(out, o.Template)
		}
	}
	return out
}

// zoneID is that of a zone, from the subnets (AWS-295).
func (t Terms) zoneID(zone string) string {
	for _, s := range t.Subnets {
		if s.Zone == zone {
			return s.ZoneID
		}
	}
	return ""
}

// reservationType is that of labels.
func (t Terms) reservationType() v1.CapacityReservationType {
	switch t.Reservation {
	case choice.Unreserved:
		return ""
	case choice.ReservationCapacityBlock:
		return v1.CapacityReservationTypeCapacityBlock
	}
	return v1.CapacityReservationTypeDefault
}

func (t Terms) interruptible() bool { return t.Reservation == choice.ReservationInterruptible }
