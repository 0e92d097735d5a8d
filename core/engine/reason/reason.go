// SPDX-License-Identifier: Apache-2.0

// Package reason holds why a pod was placed nowhere, as data: which constraint,
// what was wanted, what was offered. Text is made only when someone will read
// it ([Reason.String], [List.String]). Errors mean that something is broken;
// "does not fit" is a value of this package.
//
// Imports the standard library and engine packages only.
package reason

import (
	"karpenter.sh/core/engine/requirement"
)

// Cause says which constraint decided.
type Cause int

// The causes: first those that concern no pool, then those of pools that take no
// part at all, then the others in the order in which a pool is checked, so that a
// later one means that the pod came nearer to a node of that pool; last those that
// only existing nodes have.
const (
	// NotBuilt: the pod uses a constraint that is not decided yet.
	NotBuilt Cause = iota
	// ClaimsIgnored: the pod has claims of Dynamic Resource Allocation, and
	// these are left alone (SCH-188).
	ClaimsIgnored
	// Contradiction: the pod's own requirements exclude each other (SCH-060).
	Contradiction
	// Uninitialized: only the node in Detail would take the pod, and it is not
	// ready for pods that need not move (DIS-063); or Node is not.
	Uninitialized
	// VolumeConflict: no node can have all volumes of the pod (SCH-085).
	VolumeConflict

	// PoolForeign: the pool's NodeClass, in Detail, is another provider's.
	PoolForeign
	// PoolLeaving: the pool is being deleted.
	PoolLeaving
	// PoolStatic: the pool has a fixed number of nodes.
	PoolStatic
	// PoolUnclear: the pool's spec cannot be understood, for the cause in Detail.
	PoolUnclear
	// PoolNotReady: the conditions in Detail are not True.
	PoolNotReady
	// PoolUnevaluated: the overlays on the pool's types are not evaluated yet.
	PoolUnevaluated
	// PoolWithoutTypes: the provider knows no instance types for the pool, for the
	// cause in Detail if it gave one.
	PoolWithoutTypes

	// NoInstanceTypes: nothing meets the pool's own requirements (SCH-028).
	NoInstanceTypes
	// Taints of the pool that the pod does not tolerate.
	Taints
	// Labels that the pod wants and the pool cannot offer.
	Labels
	// Volumes of the pod cannot be where the pool's nodes are: either Labels
	// says what they want in vain, or Types what is left once they have it.
	Volumes
	// TooManyRequirements: a NodeClaim could not hold them all (SCH-196).
	TooManyRequirements
	// Types: no instance type meets requirements, resources and offering.
	Types
	// NodeLimit: the pool may not have another node.
	NodeLimit
	// Limits: every instance type that would do exceeds what the pool's limits
	// leave.
	Limits
	// Reserved: the types that would do can be had through reservations only, all
	// held by other new nodes of the plan (SCH-216).
	Reserved
	// MinValues: the types that would do offer too few distinct values.
	MinValues
	// HostPorts: the daemons of every instance type that would do take a port
	// that the pod asks for (SCH-102).
	HostPorts
	// Topology: no domain is left that a topology rule allows.
	Topology
	// MinValuesCut: enough distinct values are there only beyond the most types a
	// NodeClaim may list (SCH-225).
	MinValuesCut
	// LateTaints: nodes of the types that would do turned out to get Taints once
	// they are up (SCH-300).
	LateTaints
	// AttachLimits: nodes of the types that would do turned out to attach fewer
	// claims of the driver in Detail than the pod has (SCH-300).
	AttachLimits
	// Waits: nodes were launched for the pod in vain, and the next attempt is still
	// to come; Detail says more (SCH-302).
	Waits

	// Closed: the node takes none of the pods like this one for now.
	Closed
	// LeftOut: the question leaves the node out as a target.
	LeftOut
	// Room: the node has too little left of what Lacks tells.
	Room
)

// OfPool reports whether the pool as such is in the way, whatever the pod asks
// for.
func (c Cause) OfPool() bool { return PoolForeign <= c && c <= PoolWithoutTypes }

// Reason is why one pool gave a pod no node, or one existing node would not take it.
type Reason struct {
	Cause Cause
	// Pool is the node pool's name; empty where no pool is concerned.
	Pool string
	// Node is the name of an existing node; empty for pools (SCH-135).
	Node string
	// Detail names the constraint of NotBuilt, the key of Contradiction,
	// MinValues and MinValuesCut, the node of Uninitialized, what is wrong with a
	// pool, the driver of AttachLimits, the HostPorts that are taken on a node, or all
	// of Waits.
	Detail string
	// Claims are the volume claims of VolumeConflict, as namespace/name.
	Claims []string
	// Apart is how many of the labels that the pod wants the pool cannot offer,
	// whatever the cause: such a pool is not what the pod asked for.
	Apart int
	// Taints that are not tolerated, as key=value:Effect.
	Taints []string
	// Labels lists the mismatches.
	Labels []Label
	// Topology lists the rules that stand in the way.
	Topology []Rule
	// Types says what the instance types lacked.
	Types Shortfall
	// Missing is what nodes turned out to lack of an instance type that would do if
	// it kept its promise (SCH-300).
	Missing Amounts
	// Unoffered are the labels for which no instance type, or no offering of one,
	// has what is wanted.
	Unoffered []Label
	// Lacks are the resources of which even the largest instance type has too
	// little for the pod, or of which the pool's limits or a node leave too little; for
	// AttachLimits on a node one without a name, the claims.
	Lacks []Lack
	// Requirements are those that the pod and its volumes add to the pool's.
	Requirements requirement.Requirements
	// Least and Most are the pod's requests with the daemon overhead of the
	// instance types, which may differ between types.
	Least, Most Amounts
	// Overhead is the least daemon overhead.
	Overhead Amounts
}

// Label is one label that a pool cannot offer.
type Label struct {
	requirement.Mismatch
	// Meant is a known label that the key may be a typing error of.
	Meant string
	// SoldOut says that there are instance types of that kind, none of which can
	// be had at the moment.
	SoldOut bool
}

// Lack is a resource of which there is not enough: milli-CPU, bytes or a count.
type Lack struct {
	Resource string
	// Needed is what the pod asks for or, if OfType is set, the capacity of the
	// smallest instance type that would do.
	Needed int64
	OfType bool
	// Offered is the most that there is.
	Offered int64
}

// Rule is a topology rule that leaves no domain (SCH-224).
type Rule struct {
	// Kind is in words, such as "topology spread".
	Kind string
	Key  string
	// Selector is that of the pods which the rule counts, in words.
	Selector string
	// Alone says that the rule wants a pod to be near, and that none matches.
	Alone bool
	// Counts are the pods counted by domain, sorted by domain.
	Counts []Count
	// Pod are the domains that the pod's own constraints admit; empty Key
	// means all.
	Pod requirement.Requirement
	// Node are those of the pool, or that of the node.
	Node requirement.Requirement
	// Volumes are those of the pod's volumes; empty Key means all.
	Volumes requirement.Requirement
}

// Count is the number of pods in a domain.
type Count struct {
	Domain string
	Pods   int32
}

// Shortfall says, for the instance types examined, which of the three tests
// some type passed and which pairs some type passed exactly (SCH-221).
type Shortfall struct {
	Requirements, Resources, Offering bool

	RequirementsResources bool
	RequirementsOffering  bool
	ResourcesOffering     bool
	// Together: some type passed all three, so that something else must be in
	// the way.
	Together bool
	// HugeCPU hints at milli-CPU written as cores.
	HugeCPU bool
}

// List holds the reasons of all pools, or the one that concerns no pool, or those of
// existing nodes. It is not changed by what reads it.
type List []Reason
