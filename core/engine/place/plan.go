// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// Input is a question: where would these pods go?
type Input struct {
	Snapshot *model.Snapshot
	Pods     []model.Pod
	// Without are the indexes of snapshot nodes to leave out as targets; nil
	// leaves none out.
	Without bitset.Set
	// Expected says where pods, by index, are about to go. They are placed first,
	// there; later pods cannot take their places.
	Expected map[int]Expectation
	// MinValues says what to do when a node could not offer as many distinct
	// values as its pool asks for; the zero value is Strict.
	MinValues requirement.MinValuesPolicy
	// Repack bounds the search for a cheaper mix of new nodes, for each pool, in
	// looks at a pod shape; 0 leaves the plan as it was first found, as what-ifs
	// want it.
	Repack int
	// Reservations says what to do when reserved capacity could be used and none
	// is left; the zero value is Strict.
	Reservations ReservationMode
	// Moved are the pods that would be moved from nodes which run well; nil in
	// provisioning. One that lands on a node which is not initialized counts as
	// unplaced (DIS-063).
	Moved bitset.Set
	// Closed are the indexes of snapshot nodes that take none of the pods in
	// Barred: in consolidation, nodes that were not quiet for long enough and
	// the running pods of candidates (DIS-062).
	Closed, Barred bitset.Set
}

// RepackSteps is how long provisioning searches, see [Input]: a fifth of a second
// or so. A search that would take longer leaves the plan as it was.
const RepackSteps = 40_000_000

// Plan is the answer. Pods, nodes and pools are named by their index in the
// input.
type Plan struct {
	// Placements are the pods that existing nodes take.
	Placements []Placement
	// Bins are the nodes to launch. Their order has no meaning, but is the same for
	// the same input.
	Bins []Bin
	// Unplaced are the pods that fit nowhere, in the order of the input.
	Unplaced []Unplaced
	// Deferred are the pods that could use reserved capacity which other bins may
	// or may not need, in the order of the input. They fit somewhere, and are to
	// be asked about again once those bins are launched (SCH-215).
	Deferred []int
}

// Placement puts a pod on an existing node.
type Placement struct{ Pod, Node int }

// Bin is a node to launch.
type Bin struct {
	Pool int
	Pods []int
	// Requirements are the pool's, narrowed by the pods'.
	Requirements constraint.Sets
	// Types are the indexes of the catalogue's types that hold the pods, the
	// cheapest first, at most [MaxTypes].
	Types []int
	// Markets are the requirement sets of the offerings through which those
	// types can be had.
	Markets []constraint.Sets
	// Minimums are the pool's, lowered if Relaxed.
	Minimums []model.Minimum
	Relaxed  bool
	// Price per hour of the cheapest type.
	Price float64
	// Requests are what the pods ask for, together with the least daemon
	// overhead among Types (SCH-234).
	Requests resource.Vector
}

// MaxTypes is the most types a NodeClaim lists (SCH-230).
const MaxTypes = 600

// Unplaced is a pod that fits nowhere.
type Unplaced struct {
	Pod int
	// Why holds one reason for each pool, in the order of the snapshot.
	Why reason.List
}
