// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/objects/pods"
)

// view is one state node with what it is looked at with.
type view struct {
	state   *cluster.StateNode
	pool    *v1.NodePool // nil when it does not exist
	now     time.Time
	budgets pods.Budgets
	moved   map[types.UID]bool
}

// node says what the engine must know of a state node.
func (s *Surveyor) node(v view) disrupt.Node {
	n := disrupt.Node{
		ID:         v.state.Key(),
		Name:       v.state.Name(),
		Pool:       poolOf(v.state),
		Leaving:    v.state.MarkedForDeletion(),
		Nominated:  v.state.Nominated(v.now),
		BufferPods: v.state.BufferPods(),
	}
	if node := v.state.Node(); node != nil {
		n.Exists = true
		n.Name = node.Name
		n.Initialized = nodes.Initialized(node)
		n.Ready = nodes.Ready(node)
		n.Protected = node.Annotations[v1.DoNotDisruptAnnotationKey] == v1.LabelValueTrue
	}
	if claim := v.state.NodeClaim(); claim != nil {
		n.Claimed = true
		n.Created = claim.CreationTimestamp.Time
		n.ExpireAfter, n.Expires = claim.Spec.ExpireAfter.Value()
		n.InstanceTerminating = isTrue(claim, v1.ConditionTypeInstanceTerminating)
		n.Consolidatable = isTrue(claim, v1.ConditionTypeConsolidatable) && s.quiet(v)
		if drifted := claim.StatusConditions(status.WithObservedOnly()).Get(v1.ConditionTypeDrifted); drifted.IsTrue() {
			n.Drifted, n.DriftedSince = true, drifted.LastTransitionTime.Time
		}
		_, n.BoundedDrain = claim.Spec.TerminationGracePeriod.Value()
		n.Pods = boundPods(v)
	}
	return n
}

// quiet reports whether no pod event that the NodeClaim does not show yet keeps
// the node from being consolidated (LIF-208).
func (s *Surveyor) quiet(v view) bool {
	at, unsettled := s.PodEvents.Unsettled(v.state.Name())
	if !unsettled || v.pool == nil {
		return true
	}
	after, finite := v.pool.Spec.Disruption.ConsolidateAfter.Value()
	return finite && v.now.Sub(at) >= after
}

// Quiet is what tells whether the machine of a NodeClaim has been quiet for long
// enough for its pool.
func Quiet(nodeClaim *v1.NodeClaim, pool *v1.NodePool) disrupt.Quiet {
	after, finite := pool.Spec.Disruption.ConsolidateAfter.Value()
	q := disrupt.Quiet{
		Static:       pool.Spec.Replicas != nil,
		LastPodEvent: nodeClaim.Status.LastPodEventTime.Time,
		After:        after,
		Never:        !finite,
	}
	conditions := nodeClaim.StatusConditions(status.WithObservedOnly())
	if initialized := conditions.Get(v1.ConditionTypeInitialized); initialized.IsTrue() {
		q.Initialized, q.InitializedAt = true, initialized.LastTransitionTime.Time
	}
	return q
}

// poolOf is the pool by the label of the Node, and while there is none by that of
// the NodeClaim.
func poolOf(n *cluster.StateNode) string {
	if n.Node() != nil {
		return n.Node().Labels[v1.NodePoolLabelKey]
	}
	return n.NodePool()
}

func isTrue(claim *v1.NodeClaim, condition string) bool {
	for i := range claim.Status.Conditions {
		if c := &claim.Status.Conditions[i]; c.Type == condition {
			return c.IsTrue()
		}
	}
	return false
}
