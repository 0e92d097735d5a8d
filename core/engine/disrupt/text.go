// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"fmt"
	"strings"

	"karpenter.sh/core/engine/reason"
)

// String says why the node stays, for people. It begins in lower case.
func (r Refusal) String() string {
	switch r.Cause {
	case PodProtected:
		return fmt.Sprintf("pod %q must not be disrupted by its annotation karpenter.sh/do-not-disrupt", r.Pod)
	case PodBudgeted:
		return r.budgets()
	case ConsolidationOff:
		return fmt.Sprintf("NodePool %q turns consolidation off", r.Pool)
	case BufferPods:
		return fmt.Sprintf("Node %q has buffer pods", r.Name)
	case UnknownType:
		return fmt.Sprintf("the instance type of Node %q is not found", r.Name)
	case OnlyWhenEmpty:
		return fmt.Sprintf("NodePool %q lets empty nodes go only, and the node is not empty", r.Pool)
	case PodsHomeless:
		return fmt.Sprintf("pods would have no place: %s", reason.Shorten(r.Pods, shown))
	case PodsStranded:
		return fmt.Sprintf("the node has drifted, and its pods would have no place: %s", reason.Shorten(r.Pods, shown))
	case FewSpotTypes:
		return fmt.Sprintf("replacing a spot node by another takes %d spot types that cost less, and there are %d", r.Needed, r.Found)
	case WorkloadMoved:
		return fmt.Sprintf("pods of %s were moved as often as may be within an hour", r.Workload)
	case OverLimit:
		return "the machines in its place would exceed " + r.Limit
	case OverBudget:
		return fmt.Sprintf("the disruption budgets of NodePool %q leave no room", r.Pool)
	}
	return r.ofPool()
}

// ofPool says what of the pool keeps the node.
func (r Refusal) ofPool() string {
	switch r.Cause {
	case PoolMissing:
		return fmt.Sprintf("NodePool %q does not exist", r.Pool)
	case PoolUnmanaged:
		return fmt.Sprintf("NodePool %q belongs to another provider", r.Pool)
	case PoolPaused:
		return fmt.Sprintf("NodePool %q pauses disruption by its annotation karpenter.sh/do-not-disrupt", r.Pool)
	case PoolWithoutTypes:
		return fmt.Sprintf("NodePool %q has no instance types at the moment", r.Pool)
	case PoolUnevaluated:
		return fmt.Sprintf("the NodeOverlays on NodePool %q are not evaluated yet", r.Pool)
	case PoolRests:
		return fmt.Sprintf("commands about nodes of NodePool %q have failed, they are left alone for a while", r.Pool)
	}
	return r.Cause.String()
}

// shown is how many pods a text names (DIS-064).
const shown = 5

func (r Refusal) budgets() string {
	names := make([]string, len(r.Budgets))
	for i, name := range r.Budgets {
		names[i] = fmt.Sprintf("%q", name)
	}
	if len(names) == 1 {
		return fmt.Sprintf("PodDisruptionBudget %s does not let pod %q go", names[0], r.Pod)
	}
	return fmt.Sprintf("pod %q cannot be evicted, because several PodDisruptionBudgets select it: %s",
		r.Pod, strings.Join(names, ", "))
}

// String says the cause without its particulars.
func (c Cause) String() string {
	switch c {
	case Held:
		return "the node is being disrupted already"
	case Unmanaged:
		return "the node has no NodeClaim"
	case NoNode:
		return "the NodeClaim has no Node"
	case NotInitialized:
		return "the node is not initialized"
	case Leaving:
		return "the node is being deleted"
	case Nominated:
		return "pending pods are expected on the node"
	case Protected:
		return "the node must not be disrupted by its annotation karpenter.sh/do-not-disrupt"
	case NoPoolLabel:
		return "the node lacks the label karpenter.sh/nodepool"
	}
	return c.eligibility()
}

func (c Cause) eligibility() string {
	switch c {
	case PoolMissing, PoolUnmanaged:
		return "the NodePool of the node cannot be used"
	case PoolPaused:
		return "the NodePool pauses disruption"
	case PoolWithoutTypes, PoolUnevaluated:
		return "the instance types of the NodePool are not known"
	case PodProtected, PodBudgeted:
		return "a pod on the node must not be disrupted"
	case StaticPool:
		return "the NodePool is static"
	case ConsolidationOff:
		return "the NodePool turns consolidation off"
	case BufferPods:
		return "the node has buffer pods"
	case NotEmpty:
		return "the node is not empty"
	case NotQuiet:
		return "the node is not consolidatable yet"
	case OverLimit:
		return "a limit of the account leaves no room for the machines in its place"
	case OverBudget:
		return "the disruption budgets leave no room"
	}
	return c.worth()
}

// worth is what keeps candidates.
func (c Cause) worth() string {
	switch c {
	case NothingRuns:
		return "the node is empty"
	case NotDrifted:
		return "the node has not drifted"
	case PoolRests:
		return "commands about nodes of the NodePool have failed, they are left alone for a while"
	case UnknownType:
		return "the instance type of the node is not found"
	case NoCapacityType:
		return "the node lacks the label karpenter.sh/capacity-type"
	case NoZone:
		return "the node lacks the label topology.kubernetes.io/zone"
	case OnlyWhenEmpty:
		return "the NodePool lets empty nodes go only"
	case OtherReplacements:
		return "the pods need other machines by now"
	case AnotherFirst:
		return "pods of nodes that go first are about to come"
	case Gone:
		return "the node is gone"
	case PodsUnread:
		return "the pods of the node cannot be read"
	}
	return c.bargain()
}

// bargain is what keeps nodes whose pods would have to go elsewhere.
func (c Cause) bargain() string {
	switch c {
	case PodsHomeless:
		return "pods would have no place"
	case PodsStranded:
		return "the node has drifted, and its pods would have no place"
	case PaysTooLate:
		return "what would be saved does not make up for moving the pods soon enough"
	case WorkloadMoved:
		return "pods of a workload were moved as often as may be within an hour"
	case Unbalanced:
		return "the savings are too small for the disruption"
	case NothingCheaper:
		return "nothing in its place would cost less"
	case MinValuesBroken:
		return "the instance types that cost less are too few for minValues"
	case SpotToSpotOff:
		return "spot nodes are not replaced by spot nodes, see the feature gate SpotToSpotConsolidation"
	case FewSpotTypes:
		return "too few spot types cost less"
	}
	return fmt.Sprintf("cause %d", int(c))
}
