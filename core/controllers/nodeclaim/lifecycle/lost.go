// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/metrics"
)

// LostNodeTimeout is how long a Node that has vanished is waited for while its
// instance runs: long enough for a machine to restart, whose kubelet then creates
// the Node anew.
const LostNodeTimeout = 5 * time.Minute

// lostNodePoll is the time between two questions for the instance of a vanished
// Node.
const lostNodePoll = 30 * time.Second

// presence minds the Node of a NodeClaim that is registered. One that has vanished
// makes the NodeClaim not ready at once, and ends it if the instance is gone too or
// the Node is not back in time (LIF-092).
func (c *Controller) presence(ctx context.Context, p *pass) error {
	if !p.conditions.IsTrue(v1.ConditionTypeRegistered) {
		return nil
	}
	nodes, err := c.nodesOf(ctx, p)
	if err != nil {
		return err
	}
	if len(nodes) > 0 {
		c.present(p)
		return nil
	}
	p.conditions.SetFalse(v1.ConditionTypeInitialized, reasonNodeNotFound, fmt.Sprintf("Node %q is gone", p.nodeClaim.Status.NodeName))
	if !c.lookups.Due(p.nodeClaim, p.now, lostNodePoll) {
		return c.awaitNode(ctx, p)
	}
	instance, err := c.Provider.Get(ctx, p.nodeClaim.Status.ProviderID)
	switch {
	case cloudprovider.IsNodeClaimNotFoundError(err):
		return c.endLost(ctx, p, fmt.Sprintf("its instance does not exist: %s", truncate(err.Error())))
	case err != nil:
		return fmt.Errorf("looking for instance %s of a node that is gone: %w", p.nodeClaim.Status.ProviderID, err)
	case !instance.DeletionTimestamp.IsZero():
		return c.endLost(ctx, p, "its instance is being terminated")
	}
	return c.awaitNode(ctx, p)
}

// present takes back what was said of a Node that is there again: initialization
// starts over.
func (c *Controller) present(p *pass) {
	initialized := p.conditions.Get(v1.ConditionTypeInitialized)
	if initialized.IsFalse() && initialized.Reason == reasonNodeNotFound {
		p.conditions.SetUnknown(v1.ConditionTypeInitialized)
	}
	c.lookups.Forget(client.ObjectKeyFromObject(p.nodeClaim))
}

// awaitNode gives a vanished Node time to come back.
func (c *Controller) awaitNode(ctx context.Context, p *pass) error {
	until := p.conditions.Get(v1.ConditionTypeInitialized).LastTransitionTime.Add(LostNodeTimeout)
	left := until.Sub(p.now)
	if left <= 0 {
		return c.endLost(ctx, p, fmt.Sprintf("it did not come back within %s", LostNodeTimeout))
	}
	c.Recorder.Publish(nodeLost(p.nodeClaim, fmt.Sprintf("its instance still runs and is deleted unless the Node is back by %s", until.UTC().Format(time.RFC3339))))
	p.again(min(left, lostNodePoll))
	return nil
}

// endLost deletes a NodeClaim whose Node is lost. The cache may show the end of the
// Node before it shows the deletion of the NodeClaim that brought it about.
func (c *Controller) endLost(ctx context.Context, p *pass, why string) error {
	live := &v1.NodeClaim{}
	err := c.Live.Get(ctx, client.ObjectKeyFromObject(p.nodeClaim), live)
	gone := apierrors.IsNotFound(err)
	if err != nil && !gone {
		return fmt.Errorf("reading nodeclaim %s: %w", p.nodeClaim.Name, err)
	}
	if gone || live.UID != p.nodeClaim.UID || !live.DeletionTimestamp.IsZero() {
		p.ended = true
		return nil
	}
	removed, err := c.remove(ctx, p.nodeClaim, metrics.GarbageCollected)
	if err != nil {
		return err
	}
	p.ended = true
	if removed {
		log.FromContext(ctx).Info("deleting nodeclaim without node", "provider-id", p.nodeClaim.Status.ProviderID, "cause", why)
		c.Recorder.Publish(nodeLost(p.nodeClaim, why))
	}
	return nil
}
