// SPDX-License-Identifier: Apache-2.0

package choice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// MaxTypes is how many types a launch asks for at most (CP-016).
const MaxTypes = 60

// fewTypes is from how many types on nobody is told to be more flexible (AWS-282).
const fewTypes = 5

// Request is what a choice is made from.
type Request struct {
	cloudprovider.LaunchRequest
	// Types are those of the NodeClass as the scheduler saw them, overlays applied.
	Types cloudprovider.InstanceTypes
	// MinValues says whether minValues of the requirements bind.
	MinValues requirement.MinValuesPolicy
	// Reservations says that reserved capacity may be used: the gate ReservedCapacity
	// (AWS-433).
	Reservations bool
}

// Choice is what a launch asks for.
type Choice struct {
	// CapacityType is a value of karpenter.sh/capacity-type.
	CapacityType string
	// Reservation is the kind of reservation; Unreserved unless CapacityType is
	// reserved.
	Reservation Reservation
	// Tenancy is a value of karpenter.k8s.aws/instance-tenancy.
	Tenancy string
	// Partition is the partition of the placement group that the NodeClaim is bound to;
	// 0 leaves it to the cloud (AWS-362).
	Partition int32
	// Candidates are ordered by their lowest price, equal ones by name.
	Candidates []Candidate
	// Inflexible says that on-demand capacity is bought although spot was allowed, and
	// that few types are left (AWS-282).
	Inflexible bool
}

// Candidate is a type that may be launched.
type Candidate struct {
	Type *cloudprovider.InstanceType
	// Offerings have distinct zones, or distinct zones and reservations; the cheapest
	// first. Of several reservations in a zone the first has most capacity left; the others
	// are for when it turns out to be used up (AWS-280).
	Offerings cloudprovider.Offerings
}

// Price is the lowest one of the candidate.
func (c Candidate) Price() float64 { return c.Offerings[0].Price }

// errNothing is the message of CP-013.
var errNothing = errors.New("all requested instance types were unavailable during launch")

// Of chooses. The error is an InsufficientCapacityError: nothing that the NodeClaim
// allows can be bought, or what is left breaks its minValues.
func Of(r Request) (Choice, error) {
	c := Choice{Tenancy: tenancy(r.Requirements)}
	left := launchable(r)
	left, c.Reservation = reserve(left)
	left = plain(r, left)
	left = affordable(r, left)
	left, c.Partition = partition(r, left)
	if len(left) == 0 {
		return Choice{}, cloudprovider.NewInsufficientCapacityError(errNothing)
	}
	byPrice(left)
	if err := flexible(r, left); err != nil {
		return Choice{}, cloudprovider.NewInsufficientCapacityError(err)
	}
	c.CapacityType = capacityType(left)
	left = keep(left, func(o *cloudprovider.Offering) bool { return o.CapacityType() == c.CapacityType })
	byPrice(left)
	c.Candidates = left[:min(MaxTypes, len(left))]
	for i := range c.Candidates {
		c.Candidates[i].Offerings = onePerPlace(c.Candidates[i].Offerings)
	}
	c.Inflexible = c.CapacityType == label.OnDemand && allows(r.Requirements, label.CapacityType, label.Spot) && len(c.Candidates) < fewTypes
	return c, nil
}

// launchable are the types that serve the NodeClaim, with the offerings that do
// (CP-013).
func launchable(r Request) []Candidate {
	var out []Candidate
	for _, it := range r.Types {
		out = append(out, Candidate{it, it.Launchable(r.LaunchRequest)})
	}
	return keep(out, func(o *cloudprovider.Offering) bool { return r.Reservations || o.CapacityType() != label.Reserved })
}

// keep drops offerings, and candidates without any that is kept.
func keep(candidates []Candidate, which func(*cloudprovider.Offering) bool) []Candidate {
	var out []Candidate
	for _, c := range candidates {
		var offerings cloudprovider.Offerings
		for _, o := range c.Offerings {
			if which(o) {
				offerings = append(offerings, o)
			}
		}
		if len(offerings) > 0 {
			out = append(out, Candidate{c.Type, offerings})
		}
	}
	return out
}

// plain drops exotic types, unless nothing else remains or minValues ask for many
// (CP-015).
func plain(r Request, candidates []Candidate) []Candidate {
	if r.Requirements.HasMinValues() {
		return candidates
	}
	var out []Candidate
	for _, c := range candidates {
		if !exotic(c.Type) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return candidates
	}
	return out
}

func exotic(it *cloudprovider.InstanceType) bool {
	if _, size, _ := strings.Cut(it.Name, "."); strings.Contains(size, "metal") {
		return true
	}
	for name, quantity := range it.Capacity {
		switch name {
		case v1.ResourceAWSNeuron, v1.ResourceAWSNeuronCore, v1.ResourceAMDGPU, v1.ResourceNVIDIAGPU, v1.ResourceHabanaGaudi:
			if !quantity.IsZero() {
				return true
			}
		}
	}
	return false
}

// affordable drops spot offerings that cost more than the cheapest on demand (CP-015).
func affordable(r Request, candidates []Candidate) []Candidate {
	if r.Requirements.HasMinValues() {
		return candidates
	}
	onDemand, found := cheapest(candidates, label.OnDemand)
	if !found {
		return candidates
	}
	return keep(candidates, func(o *cloudprovider.Offering) bool { return o.CapacityType() != label.Spot || o.Price <= onDemand })
}

func cheapest(candidates []Candidate, capacityType string) (float64, bool) {
	price, found := 0.0, false
	for _, c := range candidates {
		if o := c.Offerings.OfCapacityType(capacityType).Cheapest(); o != nil && (!found || o.Price < price) {
			price, found = o.Price, true
		}
	}
	return price, found
}

// capacityType is what is bought of what is left: after the spot filter, so that an
// overlay which makes on-demand the cheaper one has its way (CP-014, AWS-438).
func capacityType(candidates []Candidate) string {
	var all cloudprovider.Offerings
	for _, c := range candidates {
		all = append(all, c.Offerings...)
	}
	return all.PreferredCapacityType()
}

// byPrice orders candidates by their lowest price, equal ones by name, and their
// offerings likewise by zone, reservations with more capacity left before others.
func byPrice(candidates []Candidate) {
	for _, c := range candidates {
		slices.SortStableFunc(c.Offerings, func(a, b *cloudprovider.Offering) int {
			return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.Zone(), b.Zone()), cmp.Compare(b.ReservationCapacity, a.ReservationCapacity))
		})
	}
	slices.SortStableFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Price(), b.Price()), cmp.Compare(a.Type.Name, b.Type.Name))
	})
}

// flexible checks minValues on what a request would hold (CP-016). Types count that
// are sold in another way than the one bought in the end, as they do for the
// scheduler: else it would ask for the same NodeClaim again and again.
func flexible(r Request, candidates []Candidate) error {
	if r.MinValues == requirement.BestEffortMinValues {
		return nil
	}
	kept := make(cloudprovider.InstanceTypes, 0, MaxTypes)
	for _, c := range candidates[:min(MaxTypes, len(candidates))] {
		kept = append(kept, c.Type)
	}
	if _, err := kept.SatisfiesMinValues(r.Requirements); err != nil {
		return fmt.Errorf("asking for the %d cheapest of %d instance types: %w", len(kept), len(candidates), err)
	}
	return nil
}

// tenancy is AWS-281.
func tenancy(reqs requirement.Requirements) string {
	if allows(reqs, v1.LabelInstanceTenancy, v1.TenancyDefault) {
		return v1.TenancyDefault
	}
	return v1.TenancyDedicated
}

// allows reports whether the requirements say nothing against a value.
func allows(reqs requirement.Requirements, key, value string) bool {
	r, there := reqs.Get(key)
	return !there || r.Has(value)
}

// onePerPlace keeps, of sorted offerings, the first of each zone and reservation: a
// fleet takes no two overrides for one type and zone.
func onePerPlace(offerings cloudprovider.Offerings) cloudprovider.Offerings {
	seen := map[[2]string]bool{}
	var out cloudprovider.Offerings
	for _, o := range offerings {
		place := [2]string{o.Zone(), o.ReservationID(v1.LabelCapacityReservationID)}
		if !seen[place] {
			seen[place] = true
			out = append(out, o)
		}
	}
	return out
}
