// SPDX-License-Identifier: Apache-2.0

package disrupt

// Cause says what keeps a node from being given up.
type Cause int

// The causes: first what blocks a node, in the order of the checks (DIS-029),
// then what makes it not eligible for a method, then what decides among
// candidates.
const (
	// Held: a command is about the node already.
	Held Cause = iota + 1
	// Unmanaged: the node has no NodeClaim.
	Unmanaged
	// NoNode: there is no Node object.
	NoNode
	// NotInitialized: the Node is not ready for pods yet.
	NotInitialized
	// Leaving: the node is marked for deletion.
	Leaving
	// Nominated: pending pods are expected on the node.
	Nominated
	// Protected: the Node's annotation forbids it.
	Protected
	// NoPoolLabel: the Node does not name its pool.
	NoPoolLabel
	// PoolMissing: the pool does not exist.
	PoolMissing
	// PoolUnmanaged: the pool is another provider's.
	PoolUnmanaged
	// PoolPaused: the pool's annotation forbids it.
	PoolPaused
	// PoolWithoutTypes: the pool's instance types are not known.
	PoolWithoutTypes
	// PoolUnevaluated: overlays on the pool's instance types are not evaluated.
	PoolUnevaluated
	// PodProtected: a pod's annotation forbids it.
	PodProtected
	// PodBudgeted: a budget forbids evicting a pod.
	PodBudgeted

	// StaticPool: the pool keeps its nodes whatever pods there are.
	StaticPool
	// ConsolidationOff: the pool turns consolidation off.
	ConsolidationOff
	// BufferPods: capacity buffers have room here.
	BufferPods
	// NotEmpty: pods run on the node that are worth keeping it for.
	NotEmpty
	// NothingRuns: no pods run on the node that are worth keeping it for; another
	// method takes it.
	NothingRuns
	// NotQuiet: the condition Consolidatable is not True.
	NotQuiet
	// UnknownType: the pool does not have the instance type of the node.
	UnknownType
	// NoCapacityType: the node lacks the label.
	NoCapacityType
	// NoZone: the node lacks the label.
	NoZone
	// OnlyWhenEmpty: the pool lets empty nodes go and no others.
	OnlyWhenEmpty

	// NotDrifted: the condition Drifted is not True.
	NotDrifted
	// PoolRests: commands about the pool's nodes have failed of late.
	PoolRests
	// PodsStranded: the node has drifted and pods of it would have no place.
	PodsStranded

	// PodsHomeless: pods of the node would have no place.
	PodsHomeless
	// NothingCheaper: no machines in its place would cost less.
	NothingCheaper
	// MinValuesBroken: the machines that would cost less are too few for the
	// minValues of their pool.
	MinValuesBroken
	// SpotToSpotOff: spot nodes are not replaced by spot nodes.
	SpotToSpotOff
	// FewSpotTypes: too few spot types would cost less.
	FewSpotTypes
	// PaysTooLate: what would be saved does not make up for moving the pods soon
	// enough.
	PaysTooLate
	// WorkloadMoved: too many pods of a workload were moved of late.
	WorkloadMoved
	// Unbalanced: the pool finds the savings too small for the disruption.
	Unbalanced
	// OtherReplacements: by now the pods need other machines than was decided.
	OtherReplacements
	// AnotherFirst: pods of other nodes that go are about to come.
	AnotherFirst
	// OverLimit: the machines in its place would exceed a limit of the account.
	OverLimit
	// OverBudget: the pool's budgets leave no room.
	OverBudget
	// Gone: the node is not there any more.
	Gone
	// PodsUnread: the pods could not be read right before the node would have
	// been given up.
	PodsUnread
)

// Refusal is why one node stays.
type Refusal struct {
	// Node is the node's ID.
	Node  string
	Cause Cause
	// Name of the node, where the text mentions it.
	Name string
	// Pool of the node, where the cause concerns it.
	Pool string
	// Pods that would have no place, as namespace/name.
	Pods []string
	// Found is how many machines or types there are, where the text mentions it.
	Found int
	// Needed is how many types there must be, where the text mentions it.
	Needed int
	// Workload is which one's pods are in the way.
	Workload string
	// Scores are those of the pools that weigh the command.
	Scores []Score
	// Pod that is in the way, as namespace/name.
	Pod string
	// Limit of the account that is in the way, with its figures.
	Limit string
	// Budgets that keep the pod from being evicted, sorted.
	Budgets []string
}

// Report is how a refusal is told to users.
type Report int

const (
	// Untold refusals are the ordinary course of things, or are told elsewhere.
	Untold Report = iota
	// Blocked refusals tell what keeps every method from a node.
	Blocked
	// Unconsolidatable refusals tell what keeps consolidation from a node.
	Unconsolidatable
)

// Report says how the refusal is told.
func (c Cause) Report() Report {
	switch c {
	case Held, Unmanaged, PoolPaused, StaticPool, NotDrifted, NotEmpty, NothingRuns, NotQuiet, OtherReplacements, AnotherFirst, Unbalanced, OverBudget, Gone:
		return Untold
	case ConsolidationOff, BufferPods, UnknownType, NoCapacityType, NoZone, OnlyWhenEmpty,
		PodsHomeless, NothingCheaper, MinValuesBroken, SpotToSpotOff, FewSpotTypes, PaysTooLate, WorkloadMoved:
		return Unconsolidatable
	}
	return Blocked
}

// Passing reports whether the cause is a stage that every node goes through and
// that ends by itself: it is worth telling only if it lasts.
func (c Cause) Passing() bool {
	switch c {
	case NoNode, NotInitialized, Leaving, Nominated, PoolUnevaluated:
		return true
	}
	return false
}

// SawPods reports whether the check of the node got as far as its pods.
func (c Cause) SawPods() bool {
	return PodProtected <= c && c <= OverBudget
}
