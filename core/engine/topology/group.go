// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"fmt"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/taint"
)

// Kind is the kind of rule that a group counts for.
type Kind uint8

// The kinds.
const (
	// Spread keeps the counts of domains within MaxSkew of each other.
	Spread Kind = iota
	// Affinity admits domains that hold a counted pod.
	Affinity
	// AntiAffinity admits domains that hold no counted pod.
	AntiAffinity
	// Inverse counts the pods that own an anti-affinity term; the pods that
	// the term selects are kept out of their domains (SCH-163).
	Inverse
)

// Group is one topology rule with the bound pods counted for it. Rules of equal
// identity share one group (SCH-141). It is immutable.
type Group struct {
	Kind Kind
	// Key is the topology key; meaningless for the hostname.
	Key      constraint.Key
	Hostname bool
	// MaxSkew and MinDomains belong to Spread (SCH-152, SCH-153); MinDomains 0
	// asks for nothing.
	MaxSkew, MinDomains int32
	// Terms are the node constraints that a node must meet, any of them, for
	// its pods to count (SCH-151); none accepts every node.
	Terms []constraint.Sets
	// Beside are the keys of the other constraints that its owners have: a node
	// without one of them does not count (SCH-151).
	Beside []constraint.Key
	// HonorTaints makes the rule look only at nodes whose taints its owners
	// tolerate (SCH-145, SCH-151). PreferNoSchedule keeps no node from being looked at.
	HonorTaints bool
	Tolerations taint.Tolerations
	// Selector is that of the pods which count, for messages; its text is made only
	// when somebody reads it. Nil says nothing.
	Selector fmt.Stringer
	// Seed differs between rules and is the same for equal ones in every run.
	Seed uint64
	// Counts are the bound pods by domain, with a zero for the domains of
	// existing nodes that hold none (SCH-143, SCH-146).
	Counts map[constraint.Value]int32
	// Hosts are the bound pods by node name, for the hostname.
	Hosts map[string]int32
	// Daemons are the numbers of those whose pods count as soon as a new node
	// runs them, for the hostname.
	Daemons bitset.Set
}

// Total is the number of bound pods that the group counts.
func (g *Group) Total() (sum int) {
	for _, n := range g.Counts {
		sum += int(n)
	}
	for _, n := range g.Hosts {
		sum += int(n)
	}
	return sum
}

// Relation is what a class of pods has to do with groups, as indexes into the
// snapshot's list.
type Relation struct {
	// Counted groups count the class's pods when they are placed. A rule that
	// counts the pods that obey it is one they match themselves.
	Counted []int32
	// Owned inverse groups are those of the class's own anti-affinity terms.
	Owned []int32
	// Repelling inverse groups keep the class out of their domains.
	Repelling []int32
}

// None reports whether no group concerns the class.
func (r *Relation) None() bool { return len(r.Counted)+len(r.Owned)+len(r.Repelling) == 0 }
