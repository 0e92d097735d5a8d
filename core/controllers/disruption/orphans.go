// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"errors"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/disruption/cordon"
	"karpenter.sh/core/reconcile/concurrency"
)

// width is how many nodes are written at a time.
const width = 100

// removeOrphans takes taint and condition off every node that no command is
// about and that is not being deleted: what a command of an earlier process, or
// a rollback that failed, has left behind (DIS-023, DIS-134).
func (c *Controller) removeOrphans(ctx context.Context) error {
	var orphans []cordon.Target
	for _, n := range c.Cluster.Snapshot().Nodes() {
		if c.orphaned(n) {
			orphans = append(orphans, targetOf(n))
		}
	}
	return errors.Join(concurrency.Each(orphans, width, func(_ int, t cordon.Target) error { return c.cordon.Lift(ctx, t) })...)
}

func (c *Controller) orphaned(n *cluster.StateNode) bool {
	return n.Node() != nil && n.NodeClaim() != nil && cordon.Marked(n.Node(), n.NodeClaim()) &&
		!n.MarkedForDeletion() && !c.queue.Holds(n.Key())
}

func targetOf(n *cluster.StateNode) cordon.Target {
	t := cordon.Target{ID: n.Key(), NodeClaim: n.NodeClaim().Name}
	if n.Node() != nil {
		t.Node = n.Node().Name
	}
	return t
}
