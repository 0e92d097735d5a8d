// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/instance"
)

// answer is what EC2 says of a fleet, read by the plan.
type answer struct {
	machines []launched
	// strays are machines that no offer of the plan explains. Nobody can be given one.
	strays  []instance.Instance
	refused []refusal
}

// launched is a machine and the offer that it comes from.
type launched struct {
	instance instance.Instance
	offer    Offer
}

// refusal is an error of the answer.
type refusal struct {
	failure errortable.Failure
	attempt failure.Attempt
	// offer is the one it is about; nil if the answer does not say, or says nonsense.
	offer *Offer
}

// read understands an answer. Parts that are missing are tolerated (AWS-294): a machine
// that is told twice counts once, one without overrides is known by what else is told.
func (p plan) read(out *ec2.CreateFleetOutput, now time.Time) answer {
	var a answer
	seen := map[string]bool{}
	for _, group := range out.Instances {
		where := p.where(group.LaunchTemplateAndOverrides, string(group.InstanceType), aws.ToString(group.SubnetId))
		offer := p.offer(where)
		for _, id := range group.InstanceIds {
			if seen[id] || id == "" {
				continue
			}
			seen[id] = true
			machine := p.machine(id, where, now)
			if offer == nil {
				a.strays = append(a.strays, machine)
				continue
			}
			a.machines = append(a.machines, launched{p.complete(machine, *offer), *offer})
		}
	}
	for _, e := range out.Errors {
		where := p.where(e.LaunchTemplateAndOverrides, "", "")
		r := refusal{failure: failure.OfFleet(e), attempt: p.attempt(where), offer: p.offer(where)}
		if r.offer != nil {
			r.attempt.VCPUs = r.offer.VCPUs
		}
		a.refused = append(a.refused, r)
	}
	return a
}

// where is what an answer says about the override that something comes from.
type where struct{ kind, zone, subnet string }

// where completes what is told by the subnets that were asked for.
func (p plan) where(told *types.LaunchTemplateAndOverridesResponse, kind, subnet string) where {
	w := where{kind: kind, subnet: subnet}
	if told != nil && told.Overrides != nil {
		w.kind = first(string(told.Overrides.InstanceType), w.kind)
		w.subnet = first(aws.ToString(told.Overrides.SubnetId), w.subnet)
		w.zone = aws.ToString(told.Overrides.AvailabilityZone)
	}
	for zone, chosen := range p.subnets {
		if chosen == w.subnet {
			w.zone = first(w.zone, zone)
		}
	}
	if w.subnet == "" {
		w.subnet = p.subnets[w.zone]
	}
	return w
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (p plan) offer(w where) *Offer {
	for i := range p.offers {
		if p.offers[i].Type == w.kind && p.offers[i].Zone == w.zone {
			return &p.offers[i]
		}
	}
	return nil
}

func (p plan) attempt(w where) failure.Attempt {
	return failure.Attempt{
		CapacityType: p.terms.CapacityType, InstanceType: w.kind, Zone: w.zone, SubnetID: w.subnet,
		PlacementGroupID: p.terms.PlacementGroupID, Partition: p.terms.Partition,
	}
}

// attempts are all that the plan asks for.
func (p plan) attempts() []failure.Attempt {
	out := make([]failure.Attempt, len(p.offers))
	for i, o := range p.offers {
		out[i] = p.attempt(where{kind: o.Type, zone: o.Zone, subnet: p.subnets[o.Zone]})
		out[i].VCPUs = o.VCPUs
	}
	return out
}

func (p plan) machine(id string, w where, now time.Time) instance.Instance {
	return instance.Instance{
		ID: id, Type: w.kind, Zone: w.zone, ZoneID: p.terms.zoneID(w.zone), SubnetID: w.subnet,
		CapacityType: p.terms.CapacityType, SecurityGroupIDs: p.terms.SecurityGroupIDs, Tenancy: p.terms.Tenancy,
		PlacementGroupID: p.terms.PlacementGroupID, Partition: p.terms.Partition,
		State: instance.StatePending, LaunchTime: now, Tags: p.terms.Tags,
	}
}

func (p plan) complete(i instance.Instance, o Offer) instance.Instance {
	i.ImageID, i.EFAs = o.ImageID, o.EFAs
	if p.terms.CapacityType == label.Reserved {
		i.ReservationID, i.ReservationType = o.ReservationID, p.terms.reservationType()
		i.Interruptible = p.terms.interruptible()
	}
	return i
}
