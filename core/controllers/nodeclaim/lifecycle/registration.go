// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/objects/nodes"
)

// Reasons of the conditions Registered and Initialized that both may have.
const (
	reasonNodeNotFound  = "NodeNotFound"
	messageNodeNotFound = "Node not registered with cluster"
)

// registration matches the NodeClaim with its Node while Registered is Unknown
// (LIF-085..090).
func (c *Controller) registration(ctx context.Context, p *pass, hooks []cloudprovider.RegistrationHook) error {
	if decided(p.conditions, v1.ConditionTypeRegistered) {
		return c.reattach(ctx, p)
	}
	nodes, err := c.nodesOf(ctx, p)
	if err != nil {
		return err
	}
	switch len(nodes) {
	case 0:
		p.conditions.SetUnknownWithReason(v1.ConditionTypeRegistered, reasonNodeNotFound, messageNodeNotFound)
		return nil
	case 1:
		return c.register(ctx, p, askHooks(ctx, hooks, p.nodeClaim))
	}
	p.conditions.SetFalse(v1.ConditionTypeRegistered, "MultipleNodesFound", "Invariant violated, matched multiple nodes")
	return nil
}

// register synchronises the only Node of the NodeClaim, and completes the
// registration when no hook objects.
func (c *Controller) register(ctx context.Context, p *pass, hooks hookOutcome) error {
	node := &p.nodes[0]
	c.reportMissingTaint(ctx, p.nodeClaim, node)
	complete := len(hooks.pending) == 0
	if complete && c.Announcer != nil {
		c.Announcer.Announce(ctx, p.nodeClaim.Name, node.Name)
	}
	after, err := c.updateNode(ctx, p, func(read *corev1.Node) *corev1.Node {
		return synchronised(read, p.nodeClaim, synchronisation{taints: taintsToSync(read, p.nodeClaim), complete: complete, kept: c.kept})
	})
	if err != nil {
		return errors.Join(err, hooks.err)
	}
	if !complete {
		p.conditions.SetUnknownWithReason(v1.ConditionTypeRegistered, "RegistrationHookPending", strings.Join(hooks.pending, ", "))
		if hooks.retry > 0 {
			p.again(hooks.retry)
		}
		return hooks.err
	}
	p.conditions.SetTrue(v1.ConditionTypeRegistered)
	p.nodeClaim.Status.NodeName = node.Name
	p.then(func(ctx context.Context) error {
		c.registered(ctx, p.nodeClaim, after)
		return nil
	})
	return nil
}

// taintsToSync are those that registration adds to the Node. A Node that is
// marked as registered already has had them, and some may have been removed for
// good since (LIF-090).
func taintsToSync(node *corev1.Node, nodeClaim *v1.NodeClaim) []corev1.Taint {
	if nodes.Registered(node) {
		return nil
	}
	return slices.Concat(nodeClaim.Spec.Taints, nodeClaim.Spec.StartupTaints)
}

// registered counts and reports a registration that is stored.
func (c *Controller) registered(ctx context.Context, nodeClaim *v1.NodeClaim, node *corev1.Node) {
	logger := log.FromContext(ctx)
	logger.Info("registered nodeclaim", "Node", klog.KRef("", node.Name))
	c.Nodes.Created(node)
	if err := c.Health.RecordSuccess(ctx, nodeClaim); err != nil {
		logger.Error(fmt.Errorf("recording a registration: %w", err), "updating registration health")
	}
}

// reportMissingTaint tells of a Node that joined without the unregistered taint,
// so that pods may have been bound to it too early (LIF-086). It is told once,
// before the Node is synchronised.
func (c *Controller) reportMissingTaint(ctx context.Context, nodeClaim *v1.NodeClaim, node *corev1.Node) {
	_, registered := node.Labels[v1.NodeRegisteredLabelKey]
	if registered || slices.Contains(node.Finalizers, v1.TerminationFinalizer) ||
		nodes.HasTaint(node.Spec.Taints, v1.UnregisteredTaint()) {
		return
	}
	log.FromContext(ctx).Error(errMissingTaint, "registering nodeclaim", "Node", klog.KRef("", node.Name))
	c.Recorder.Publish(unregisteredTaintMissing(nodeClaim, node))
}

var errMissingTaint = fmt.Errorf("node joined without taint %s", v1.UnregisteredTaintKey)

// reattach synchronises a Node that the kubelet has created anew for a NodeClaim
// that is registered (LIF-091). Startup taints are not put on again: what they
// held back has run on this machine.
func (c *Controller) reattach(ctx context.Context, p *pass) error {
	if !p.conditions.IsTrue(v1.ConditionTypeRegistered) {
		return nil
	}
	found, err := c.nodesOf(ctx, p)
	if err != nil {
		return err
	}
	if len(found) != 1 || !found[0].DeletionTimestamp.IsZero() {
		return nil
	}
	if nodes.Registered(&found[0]) {
		return c.keepRegistered(ctx, p)
	}
	_, err = c.updateNode(ctx, p, func(read *corev1.Node) *corev1.Node {
		return synchronised(read, p.nodeClaim, synchronisation{taints: p.nodeClaim.Spec.Taints, complete: true, kept: c.kept})
	})
	return err
}

// keepRegistered puts right what a careless client, storing an old copy of the
// Node, has undone of its registration: the unregistered taint, which would keep
// pods away for ever, and the finalizer and owner, without which the Node would
// end undrained (LIF-093). Labels, annotations and other taints are for users to
// change.
func (c *Controller) keepRegistered(ctx context.Context, p *pass) error {
	node := &p.nodes[0]
	back := nodes.HasTaint(node.Spec.Taints, v1.UnregisteredTaint())
	if !back && slices.Contains(node.Finalizers, v1.TerminationFinalizer) && ownedBy(node, p.nodeClaim) {
		return nil
	}
	if _, err := c.updateNode(ctx, p, func(read *corev1.Node) *corev1.Node { return stillRegistered(read, p.nodeClaim) }); err != nil {
		return err
	}
	if back {
		log.FromContext(ctx).Info("removed the unregistered taint from a registered node", "Node", klog.KRef("", node.Name))
		c.Recorder.Publish(unregisteredTaintReturned(p.nodeClaim, node))
	}
	return nil
}
