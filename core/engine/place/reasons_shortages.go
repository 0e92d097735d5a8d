// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// unlimited are the variants that would do for the attempt but for the pool's
// limits, host ports and minValues.
func (p *pool) unlimited(a *attempt, wanted constraint.Sets) bitset.Set {
	left := p.shelf.remove(p.Catalogue.Meeting(wanted, p.Open), p.Catalogue).Variants
	p.KeepFitting(left, a.class.Requests)
	return left
}

// limited says which of the pool's limits excludes everything that would do.
func (p *pool) limited(a *attempt, wanted constraint.Sets, names *resource.Names) (reason.Reason, bool) {
	if left, ok := p.remaining.Get(resource.Nodes); ok && left <= 0 {
		return reason.Reason{Cause: reason.NodeLimit}, true
	}
	would := p.unlimited(a, wanted)
	if would.Empty() || would.Intersects(p.allowed) {
		return reason.Reason{}, false
	}
	r := reason.Reason{Cause: reason.Limits}
	needed, _ := p.requests(a, would)
	for _, l := range p.remaining {
		smallest := p.smallest(would, l.Resource)
		if l.Resource == resource.Nodes || smallest <= l.Amount {
			continue
		}
		lack := reason.Lack{Resource: names.Name(l.Resource), Needed: needed.Get(l.Resource), Offered: l.Amount}
		if lack.Needed <= lack.Offered || lack.Needed == 0 {
			lack.Needed, lack.OfType = smallest, true
		}
		r.Lacks = append(r.Lacks, lack)
	}
	return r, true
}

// smallest is the least capacity of a resource among the variants' types.
func (p *pool) smallest(variants bitset.Set, id resource.ID) int64 {
	least, seen := int64(0), false
	for i := range variants.All() {
		n := p.Catalogue.Type(p.Catalogue.TypeOf(i)).Capacity.Get(id)
		if !seen || n < least {
			least, seen = n, true
		}
	}
	return least
}

// lacks lists the resources of which no variant has enough for the attempt beside
// its daemons.
func (p *pool) lacks(a *attempt, variants bitset.Set, names *resource.Names) []reason.Lack {
	most := p.roomiest(variants)
	var out []reason.Lack
	for id, needed := range a.class.Requests {
		if offered := most.Get(resource.ID(id)); needed > offered {
			out = append(out, reason.Lack{Resource: names.Name(resource.ID(id)), Needed: needed, Offered: offered})
		}
	}
	return out
}

// roomiest is, resource by resource, the most that a variant leaves to pods.
func (p *pool) roomiest(variants bitset.Set) resource.Vector {
	var most resource.Vector
	for i := range variants.All() {
		most = most.Raise(p.Room(i))
	}
	return most
}

// added are the requirements that are not the pool's own.
func (p *pool) added(wanted constraint.Sets) constraint.Sets {
	var out constraint.Sets
	for _, e := range wanted {
		if own, ok := p.Wanted.Get(e.Key); !ok || !own.Equal(e.Set) {
			out = append(out, e)
		}
	}
	return out
}

// unoffered lists the labels for which none of the variants, or no offering of
// one, has what is wanted, with what there is instead.
func (p *pool) unoffered(wanted constraint.Sets, variants bitset.Set) []reason.Label {
	var out []reason.Label
	for _, e := range p.added(wanted) {
		one := constraint.Sets{e}
		typed := p.Catalogue.Overlapping(one)
		typed.And(variants)
		sold := p.shelf.remove(p.Catalogue.Offered(p.vocabulary.Conjunction(p.Wanted, one), p.Open), p.Catalogue).Variants
		sold.And(variants)
		if !typed.Empty() && !sold.Empty() {
			continue
		}
		out = append(out, reason.Label{
			Mismatch: requirement.Mismatch{Wanted: p.vocabulary.DecompileOne(e), Offered: p.onSale(e.Key, variants)},
			SoldOut:  !typed.Empty(),
		})
	}
	return out
}

// onSale are the values of a label that the variants can be had with: those of
// their offerings or, if these say nothing of it, of their types.
func (p *pool) onSale(key constraint.Key, variants bitset.Set) requirement.Requirement {
	var values bitset.Set
	for _, market := range p.Catalogue.Markets(variants, p.Base.Markets) {
		if own, ok := market.Get(key); ok {
			values = addValues(values, own)
		}
	}
	if values.Empty() {
		for i := range variants.All() {
			if own, ok := p.Catalogue.Type(p.Catalogue.TypeOf(i)).Requirements.Get(key); ok {
				values = addValues(values, own)
			}
		}
	}
	return p.vocabulary.DecompileOne(constraint.Entry{Key: key, Set: constraint.Only(values)})
}

func addValues(values bitset.Set, s constraint.Set) bitset.Set {
	if s.Concrete() {
		values = union(values, s.Values())
	}
	return values
}
