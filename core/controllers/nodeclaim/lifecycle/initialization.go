// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
)

// initialization waits until the node is usable while Initialized is Unknown and
// the NodeClaim is registered (LIF-100..104).
func (c *Controller) initialization(ctx context.Context, p *pass) error {
	initialized := decided(p.conditions, v1.ConditionTypeInitialized)
	if !p.conditions.IsTrue(v1.ConditionTypeRegistered) {
		return nil
	}
	nodes, err := c.nodesOf(ctx, p)
	switch {
	case len(nodes) != 1 && !initialized:
		if err == nil && len(nodes) > 1 { // a single one that is gone is told already
			p.conditions.SetUnknownWithReason(v1.ConditionTypeInitialized, reasonNodeNotFound, messageNodeNotFound)
			return c.overdue(ctx, p)
		}
		return err
	case len(nodes) != 1:
		return err
	}
	if b, blocked := firstBlocker(&nodes[0], p.nodeClaim); blocked {
		if !initialized {
			p.conditions.SetUnknownWithReason(v1.ConditionTypeInitialized, b.reason, b.message)
			return c.overdue(ctx, p)
		}
		return nil
	}
	return c.initialize(ctx, p, initialized)
}

// initialize labels the Node, and a NodeClaim that is not initialized yet
// becomes so. One that is may have lost its labelled Node to a new one of the
// same machine (LIF-091).
func (c *Controller) initialize(ctx context.Context, p *pass, initialized bool) error {
	node := &p.nodes[0]
	if !nodes.Initialized(node) {
		_, err := c.updateNode(ctx, p, func(read *corev1.Node) *corev1.Node {
			return labelled(read, v1.NodeInitializedLabelKey, v1.LabelValueTrue)
		})
		if err != nil {
			return err
		}
	}
	if initialized {
		return nil
	}
	p.conditions.SetTrue(v1.ConditionTypeInitialized)
	allocatable := node.Status.Allocatable
	p.then(func(ctx context.Context) error {
		log.FromContext(ctx).Info("initialized nodeclaim", "allocatable", allocatable)
		return nil
	})
	return nil
}
