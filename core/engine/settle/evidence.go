// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"slices"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// evidence is what the plan says about the pods at hand.
type evidence struct {
	in      Input
	kinds   []*kind
	classes map[*model.Class]bool // whether it may leave
	pools   map[int]bool          // whether the pool is scarce
}

func newEvidence(in Input) *evidence {
	e := &evidence{in: in, classes: map[*model.Class]bool{}, pools: map[int]bool{}}
	for i := range in.Plan.Bins {
		e.take(&in.Plan.Bins[i])
	}
	for _, k := range e.kinds {
		k.price()
	}
	return e
}

// take adds what a bin holds to its kind.
func (e *evidence) take(b *place.Bin) {
	k := e.kindOf(b)
	if k == nil {
		k = newKind(&e.in.Snapshot.Pools[b.Pool], b)
		e.kinds = append(e.kinds, k)
	}
	for _, pod := range b.Pods {
		k.add(e.in.Pods[pod].Class)
	}
}

// load is what a bin's pods ask for.
func (e *evidence) load(b *place.Bin) (sum resource.Vector) {
	for _, pod := range b.Pods {
		sum = sum.Add(e.in.Pods[pod].Class.Requests)
	}
	return sum
}

func (e *evidence) kindOf(b *place.Bin) *kind {
	i := slices.IndexFunc(e.kinds, func(k *kind) bool { return k.index == b.Pool && k.requirements.Equal(b.Requirements) })
	if i < 0 {
		return nil
	}
	return e.kinds[i]
}

// scarce reports whether what a pool has to give is shared out at the end: it
// sells reserved capacity, or the plan takes a good part of what its limits leave.
func (e *evidence) scarce(pool int) bool {
	known, asked := e.pools[pool]
	if !asked {
		known = len(e.in.Snapshot.Pools[pool].Catalogue.Reservations()) > 0 || !e.ample(pool)
		e.pools[pool] = known
	}
	return known
}

// ample reports whether the limits of a pool leave room for the plan twice over.
func (e *evidence) ample(pool int) bool {
	p := &e.in.Snapshot.Pools[pool]
	if len(p.Remaining) == 0 {
		return true
	}
	var charge resource.Vector
	for i := range e.in.Plan.Bins {
		b := &e.in.Plan.Bins[i]
		if b.Pool != pool {
			continue
		}
		var most resource.Vector
		for _, t := range b.Types {
			most = most.Raise(p.Catalogue.Type(t).Capacity)
		}
		charge = charge.Add(most).Add(resource.Vector{}.Set(resource.Nodes, 1))
	}
	for _, l := range p.Remaining {
		if l.Amount < 2*charge.Get(l.Resource) {
			return false
		}
	}
	return true
}

// tied reports whether a bin holds a pod that has to do with where others go.
func (e *evidence) tied(b *place.Bin) bool {
	return slices.ContainsFunc(b.Pods, func(pod int) bool {
		p := &e.in.Pods[pod]
		return len(p.Attachments) > 0 || !e.loose(p.Class)
	})
}

// loose reports whether pods of a class may leave ahead of others: their volumes
// are nowhere, and no rule counts them in a domain that others may share.
func (e *evidence) loose(c *model.Class) bool {
	known, asked := e.classes[c]
	if !asked {
		known = c.Volumes == nil && !slices.ContainsFunc(groupsOf(c), e.binds)
		e.classes[c] = known
	}
	return known
}

// binds reports whether a group binds its pods to others on other machines, or to
// more of them on theirs.
func (e *evidence) binds(group int32) bool {
	g := e.in.Snapshot.Groups[group]
	return !g.Hostname || g.Kind == topology.Affinity
}

// groupsOf are all groups that have to do with a class.
func groupsOf(c *model.Class) []int32 {
	out := slices.Concat(c.Topology.Counted, c.Topology.Owned, c.Topology.Repelling)
	for i := range c.Attempts {
		out = append(out, c.Attempts[i].Rules...)
	}
	return out
}

// full reports whether a bin's machine has no room for a pod of any shape at hand
// that may be on such machines.
func (e *evidence) full(k *kind, b *place.Bin, load resource.Vector) bool {
	room := k.roomOf(b).Sub(load)
	return !slices.ContainsFunc(e.kinds, func(o *kind) bool {
		return o.overlaps(k) && slices.ContainsFunc(o.shapes, func(shape resource.Vector) bool { return shape.FitsIn(room) })
	})
}
