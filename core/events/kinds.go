// SPDX-License-Identifier: Apache-2.0

package events

// Reasons of events, which users select them by.
const (
	// Of provisioning.
	Nominated                 = "Nominated"
	NominationFailed          = "NominationFailed"
	FailedScheduling          = "FailedScheduling"
	NoCompatibleInstanceTypes = "NoCompatibleInstanceTypes"
	LaunchedInVain            = "LaunchedInVain"
	SchedulerDisagrees        = "SchedulerDisagrees"

	// Of the life of a NodeClaim.
	InsufficientCapacityError = "InsufficientCapacityError"
	NodeClassNotReady         = "NodeClassNotReady"
	UnregisteredTaintMissing  = "UnregisteredTaintMissing"
	UnregisteredTaintReturned = "UnregisteredTaintReturned"
	InitializationOverdue     = "InitializationOverdue"
	InitializationTimedOut    = "InitializationTimedOut"
	NodeLost                  = "NodeLost"
	FailedConsistencyCheck    = "FailedConsistencyCheck"
	NodeRepairBlocked         = "NodeRepairBlocked"

	// Of termination.
	Evicted                        = "Evicted"
	Disrupted                      = "Disrupted"
	FailedDraining                 = "FailedDraining"
	AwaitingVolumeDetachment       = "AwaitingVolumeDetachment"
	TerminationGracePeriodExpiring = "TerminationGracePeriodExpiring"
	InvalidTerminationTimestamp    = "InvalidTerminationTimestamp"
	InvalidDoNotDisruptAnnotation  = "InvalidDoNotDisruptAnnotation"
	DoNotDisruptUntil              = "DoNotDisruptUntil"
	DoNotDisruptGracePeriodElapsed = "DoNotDisruptGracePeriodElapsed"

	// Of voluntary disruption.
	DisruptionBlocked          = "DisruptionBlocked"
	Unconsolidatable           = "Unconsolidatable"
	ConsolidationCandidate     = "ConsolidationCandidate"
	ConsolidationRejected      = "ConsolidationRejected"
	ConsolidationApproved      = "ConsolidationApproved"
	DisruptionLaunching        = "DisruptionLaunching"
	DisruptionWaitingReadiness = "DisruptionWaitingReadiness"
	DisruptionTerminating      = "DisruptionTerminating"

	// Of NodeClasses, and of what a cloud announces.
	NodeClassResolutionError      = "NodeClassResolutionError"
	WaitingOnNodeClaimTermination = "WaitingOnNodeClaimTermination"
	TerminatingOnInterruption     = "TerminatingOnInterruption"

	// Of status, leadership, and what is not built.
	Finalized      = "Finalized"
	LeaderElection = "LeaderElection"
	NotImplemented = "NotImplemented"
)

// Kind is a kind of event that users may meet.
type Kind struct {
	// Reason selects the events; empty if it differs from event to event, as Named
	// says.
	Reason string `json:"reason,omitempty"`
	Named  string `json:"named,omitempty"`
	// Type is Normal or Warning.
	Type string `json:"type"`
	// Objects are the kinds of the objects that are told; NodeClass stands for those of
	// the provider.
	Objects []string `json:"objects"`
	// When is a sentence that says what has happened.
	When string `json:"when"`
}

// Kinds lists what the core and the parts that providers share publish, as the
// reference shows it.
func Kinds() []Kind {
	machine := []string{"Node", "NodeClaim"}
	return []Kind{
		{Reason: Nominated, Type: Normal, Objects: []string{"Pod"}, When: "A place was found for the pod: a node, or a NodeClaim that becomes one."},
		{Reason: NominationFailed, Type: Warning, Objects: []string{"Pod"}, When: "The scheduler cannot be told where pods are planned, so they may go elsewhere."},
		{Reason: FailedScheduling, Type: Warning, Objects: []string{"Pod"}, When: "No place can be had for the pod, with the causes by NodePool."},
		{Reason: NoCompatibleInstanceTypes, Type: Warning, Objects: []string{"NodePool"}, When: "The pool excludes every instance type, by its requirements or by minValues."},
		{Reason: LaunchedInVain, Type: Warning, Objects: []string{"Pod", "NodePool"}, When: "A node was launched for the pod, which the scheduler does not put there."},
		{Reason: SchedulerDisagrees, Type: Warning, Objects: []string{"Pod", "Node"}, When: "There is room for the pod on the node as far as is known, and the scheduler says otherwise."},

		{Reason: InsufficientCapacityError, Type: Warning, Objects: machine[1:], When: "The cloud has no capacity for the NodeClaim, which is deleted."},
		{Reason: NodeClassNotReady, Type: Warning, Objects: machine[1:], When: "The NodeClass of the NodeClaim is not ready, so the NodeClaim is deleted."},
		{Reason: UnregisteredTaintMissing, Type: Warning, Objects: machine[1:], When: "The node joined without the taint karpenter.sh/unregistered, so pods may run there before it is set up."},
		{Reason: UnregisteredTaintReturned, Type: Warning, Objects: machine[1:], When: "Somebody wrote the taint karpenter.sh/unregistered back on a registered node; it was removed."},
		{Reason: InitializationOverdue, Type: Warning, Objects: machine[1:], When: "The node is registered, and has not been initialized for long."},
		{Reason: InitializationTimedOut, Type: Warning, Objects: machine[1:], When: "The node was not initialized in time and holds nothing worth keeping, so it is deleted."},
		{Reason: NodeLost, Type: Warning, Objects: machine[1:], When: "The Node of the NodeClaim is gone."},
		{Reason: FailedConsistencyCheck, Type: Warning, Objects: machine[1:], When: "The node is not what was launched, for example with less memory."},
		{Reason: NodeRepairBlocked, Type: Warning, Objects: append(machine, "NodePool"), When: "The node is broken and stays, since too many nodes of its NodePool, or of the cluster, are broken."},

		{Reason: Evicted, Type: Normal, Objects: []string{"Pod"}, When: "The pod is evicted, with the reason why its node goes."},
		{Reason: Disrupted, Type: Normal, Objects: []string{"Pod"}, When: "The pod is deleted to meet the termination time of its node; budgets and do-not-disrupt are bypassed."},
		{Reason: FailedDraining, Type: Warning, Objects: machine[:1], When: "Pods hold the node, with their number and what protects them."},
		{Reason: AwaitingVolumeDetachment, Type: Normal, Objects: machine[:1], When: "Volumes are still attached to the drained node."},
		{Reason: TerminationGracePeriodExpiring, Type: Warning, Objects: machine, When: "All pods will be deleted by a time."},
		{Reason: InvalidTerminationTimestamp, Type: Warning, Objects: machine[1:], When: "The annotation of the termination time cannot be read."},
		{Reason: InvalidDoNotDisruptAnnotation, Type: Warning, Objects: []string{"Pod"}, When: "The annotation karpenter.sh/do-not-disrupt has a value that means nothing and is ignored."},
		{Reason: DoNotDisruptUntil, Type: Normal, Objects: []string{"Pod"}, When: "The annotation karpenter.sh/do-not-disrupt protects the pod until a time."},
		{Reason: DoNotDisruptGracePeriodElapsed, Type: Normal, Objects: []string{"Pod"}, When: "The time of the annotation karpenter.sh/do-not-disrupt is over."},

		{Reason: DisruptionBlocked, Type: Normal, Objects: append(machine, "NodePool"), When: "The node may not be disrupted, or the budgets of the pool allow no disruption for a reason."},
		{Reason: Unconsolidatable, Type: Normal, Objects: machine, When: "The node could be given up, but that would not pay or is not allowed."},
		{Reason: ConsolidationCandidate, Type: Normal, Objects: machine, When: "The node is part of a command that is about to be validated, with what it saves."},
		{Reason: ConsolidationRejected, Type: Normal, Objects: machine, When: "The command did not stand its validation, with the cause."},
		{Reason: ConsolidationApproved, Type: Normal, Objects: append(machine, "NodePool"), When: "A pool that balances savings and disruption has approved the command, with its score."},
		{Reason: DisruptionLaunching, Type: Normal, Objects: machine[1:], When: "The NodeClaim is a replacement."},
		{Reason: DisruptionWaitingReadiness, Type: Normal, Objects: machine[1:], When: "Nodes stay until this replacement is in service."},
		{Reason: DisruptionTerminating, Type: Normal, Objects: machine, When: "The node is given up, with the reason."},

		{Reason: NodeClassResolutionError, Type: Warning, Objects: []string{"NodeClaim", "NodePool"}, When: "The NodeClass does not exist or is being deleted."},
		{Reason: WaitingOnNodeClaimTermination, Type: Normal, Objects: []string{"NodeClass"}, When: "NodeClaims are in the way of the deletion of their NodeClass."},
		{Reason: TerminatingOnInterruption, Type: Warning, Objects: machine, When: "The cloud is about to take the machine, so the NodeClaim is deleted."},

		{Named: "the type of the condition", Type: Normal, Objects: []string{"Node", "NodeClaim", "NodePool", "NodeClass", "CapacityBuffer"}, When: "The status of a condition changed, with the reason."},
		{Named: "the reason of the condition", Type: Warning, Objects: []string{"NodePool"}, When: "The pool is no longer valid, or its NodeClass is no longer ready."},
		{Reason: Finalized, Type: Normal, Objects: []string{"Node", "NodeClaim", "NodePool", "NodeClass", "CapacityBuffer"}, When: "A finalizer is gone from the object."},
		{Reason: LeaderElection, Type: Normal, Objects: []string{"Lease"}, When: "A replica began to lead, or ceased to."},
		{Reason: NotImplemented, Type: Warning, Objects: []string{"NodeOverlay", "CapacityBuffer"}, When: "The object has no effect in this version."},
	}
}
