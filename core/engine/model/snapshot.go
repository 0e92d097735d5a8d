// SPDX-License-Identifier: Apache-2.0

package model

import (
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// Snapshot is everything a placement is decided from, besides the pods. It is
// immutable.
type Snapshot struct {
	Vocabulary *constraint.Vocabulary
	Names      *resource.Names
	// Nodes are the targets that exist, in the order of [CompareNodes].
	Nodes []*Node
	// Index of Nodes; nil has each run make its own.
	Index *Index
	// Pools are the sources of new nodes, the most wanted first (SCH-025).
	Pools []Pool
	// Groups are the topology rules in play.
	Groups []*topology.Group
	// Held are the reservations that launches under way may draw on, by ID, once
	// for each launch: offerings still count those units as free.
	Held []constraint.Label
}

// Pool is a template with what its limits leave.
type Pool struct {
	*Template
	// Remaining is, for each limited resource, the limit less the capacity of
	// the pool's nodes (SCH-200).
	Remaining Limits
}

// Limits are amounts of some resources; resources not listed are unlimited.
type Limits []Limit

// Limit is an amount of one resource, possibly negative.
type Limit struct {
	Resource resource.ID
	Amount   int64
}

// Get returns the limit of a resource, if it has one.
func (ls Limits) Get(id resource.ID) (int64, bool) {
	for _, l := range ls {
		if l.Resource == id {
			return l.Amount, true
		}
	}
	return 0, false
}

// Admit reports whether a node of this capacity is within the limits. The
// synthetic resource nodes is not part of a capacity: one more node must be
// left (SCH-201).
func (ls Limits) Admit(capacity resource.Vector) bool {
	for _, l := range ls {
		if l.Resource == resource.Nodes {
			if l.Amount <= 0 {
				return false
			}
			continue
		}
		if capacity.Get(l.Resource) > l.Amount {
			return false
		}
	}
	return true
}

// Charge returns the limits less a capacity and one node (SCH-202).
func (ls Limits) Charge(capacity resource.Vector) Limits { return ls.moved(capacity, -1) }

// Refund returns the limits with a capacity and one node more: what Charge takes.
func (ls Limits) Refund(capacity resource.Vector) Limits { return ls.moved(capacity, 1) }

func (ls Limits) moved(capacity resource.Vector, by int64) Limits {
	out := make(Limits, len(ls))
	for i, l := range ls {
		if l.Resource == resource.Nodes {
			l.Amount += by
		} else {
			l.Amount += by * capacity.Get(l.Resource)
		}
		out[i] = l
	}
	return out
}
