// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/index"
)

const (
	// instancePoll is the time between two requests to delete the instance.
	instancePoll = 5 * time.Second
	// instanceCheck is the time between two questions for the instance of a Node
	// that is not ready.
	instanceCheck = 10 * time.Second
)

// deleteOwner deletes the NodeClaim of a Node that was deleted first (LIF-131).
func (c *Controller) deleteOwner(ctx context.Context, p *pass) (verdict, error) {
	if p.owner == nil || !p.owner.DeletionTimestamp.IsZero() {
		return verdict{}, nil
	}
	err := c.Client.Delete(ctx, p.owner, client.Preconditions{UID: &p.owner.UID})
	if errors.IsNotFound(err) || errors.IsConflict(err) { // a conflict: the name is another's by now
		p.disown()
		return verdict{}, nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("deleting nodeclaim %s: %w", p.owner.Name, err)
	}
	return verdict{}, nil
}

// checkInstance lets a Node go at once whose instance is gone: nothing can be
// drained there. A ready Node proves that its instance is not (LIF-132).
func (c *Controller) checkInstance(ctx context.Context, p *pass) (verdict, error) {
	id := p.node.Spec.ProviderID
	if nodes.Ready(p.node) || id == "" || c.checks.Wait(p.node, p.now) > 0 {
		return verdict{}, nil
	}
	_, err := c.Provider.Get(ctx, id)
	if cloudprovider.IsNodeClaimNotFoundError(err) {
		return verdict{kind: finished}, nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("looking for instance %s: %w", id, err)
	}
	c.checks.Next(p.node, p.now.Add(instanceCheck))
	return verdict{}, nil
}

// readDeadline finds out by when the Node is given up (LIF-164, LIF-165).
func (c *Controller) readDeadline(_ context.Context, p *pass) (verdict, error) {
	if p.owner == nil {
		return verdict{}, nil
	}
	deadline, err := drain.Deadline(p.owner.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey], ownDeadline(p.owner))
	if err != nil {
		c.Recorder.Publish(invalidDeadline(p.owner, err))
	}
	if p.deadline = deadline; !deadline.IsZero() {
		c.Recorder.Publish(terminationGracePeriodExpiring(p.node, deadline))
	}
	return verdict{}, nil
}

// ownDeadline follows from the deletion and the grace period of the NodeClaim;
// zero without either.
func ownDeadline(nodeClaim *v1.NodeClaim) time.Time {
	grace, set := nodeClaim.Spec.TerminationGracePeriod.Value()
	if !set || nodeClaim.DeletionTimestamp.IsZero() {
		return time.Time{}
	}
	return nodeClaim.DeletionTimestamp.Add(grace)
}

// terminateInstance has the provider delete the instance until it is gone
// (LIF-175). While other Nodes stand for the same instance it is not touched:
// the last of them to go takes it along (LIF-178).
func (c *Controller) terminateInstance(ctx context.Context, p *pass) (verdict, error) {
	if p.owner == nil {
		return verdict{}, nil
	}
	nodes, err := index.Nodes(ctx, c.Client, p.node.Spec.ProviderID)
	if err != nil || len(nodes) > 1 {
		return verdict{}, err
	}
	if left := c.deletes.Wait(p.node, p.now); left > 0 {
		return wait(left), nil
	}
	err = c.Provider.Delete(ctx, p.owner)
	gone := cloudprovider.IsNodeClaimNotFoundError(err)
	if err != nil && !gone {
		return verdict{}, fmt.Errorf("deleting instance %s: %w", p.owner.Status.ProviderID, err)
	}
	p.conditions.SetTrue(v1.ConditionTypeInstanceTerminating)
	if gone {
		return verdict{}, nil
	}
	c.deletes.Next(p.node, p.now.Add(instancePoll))
	return wait(instancePoll), nil
}
