// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	stderrors "errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// terminationPoll is the time between two requests to delete an instance.
const terminationPoll = 5 * time.Second

// finalize makes a pass over a deleting NodeClaim: deadline, nodes, instance,
// finalizer (LIF-120..125).
func (c *Controller) finalize(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(nodeClaim, v1.TerminationFinalizer) {
		return reconcile.Result{}, nil
	}
	if err := c.announceDeadline(ctx, nodeClaim); err != nil {
		return patch.Outcome(err)
	}
	if c.conditions(editable(nodeClaim)).IsTrue(v1.ConditionTypeRegistered) {
		left, err := c.deleteNodes(ctx, nodeClaim)
		if left || err != nil {
			return reconcile.Result{}, err // the end of a Node brings the next pass
		}
	}
	return c.terminate(ctx, nodeClaim)
}

// announceDeadline writes down by when the node is given up, so that a later
// change of mind or clock does not move it (LIF-121).
func (c *Controller) announceDeadline(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	grace, set := nodeClaim.Spec.TerminationGracePeriod.Value()
	if _, announced := nodeClaim.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey]; announced || !set {
		return nil
	}
	deadline := nodeClaim.DeletionTimestamp.Add(grace)
	before := editable(nodeClaim)
	nodeClaim.Annotations = overlay(nodeClaim.Annotations, map[string]string{
		v1.NodeClaimTerminationTimestampAnnotationKey: deadline.Format(time.RFC3339),
	})
	unannounced := patch.If([]string{"metadata", "annotations", v1.NodeClaimTerminationTimestampAnnotationKey})
	if _, err := patch.Object(ctx, c.Client, before, nodeClaim, unannounced); err != nil {
		return fmt.Errorf("announcing the termination deadline: %w", err)
	}
	c.written.Wrote(nodeClaim)
	log.FromContext(ctx).Info("annotated nodeclaim", v1.NodeClaimTerminationTimestampAnnotationKey, deadline)
	c.Recorder.Publish(terminationGracePeriodExpiring(nodeClaim, deadline))
	return nil
}

// deleteNodes deletes the NodeClaim's Nodes and reports whether any is left
// (LIF-122).
func (c *Controller) deleteNodes(ctx context.Context, nodeClaim *v1.NodeClaim) (bool, error) {
	nodes, err := index.Nodes(ctx, c.Client, nodeClaim.Status.ProviderID)
	if err != nil {
		return false, err
	}
	for i := range nodes {
		node := &nodes[i]
		if !node.DeletionTimestamp.IsZero() || c.deletes.Stale(node) {
			continue
		}
		err := c.Client.Delete(ctx, node, client.Preconditions{UID: &node.UID})
		if err != nil && !errors.IsNotFound(err) && !errors.IsConflict(err) {
			return true, fmt.Errorf("deleting node %s: %w", node.Name, err)
		}
		if err == nil {
			c.deletes.Deleted(node)
		}
	}
	return len(nodes) > 0, nil
}

// terminate deletes the instance, and removes the finalizer when it is gone
// (LIF-123, LIF-124).
func (c *Controller) terminate(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	before := editable(nodeClaim)
	if created := c.launches.created(nodeClaim); nodeClaim.Status.ProviderID == "" && created != nil {
		nodeClaim.Status.ProviderID = created.Status.ProviderID
	}
	if nodeClaim.Status.ProviderID == "" {
		return c.removeFinalizer(ctx, nodeClaim, nil)
	}
	if wait := c.polls.Wait(nodeClaim, c.Clock.Now()); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	err := c.Provider.Delete(ctx, nodeClaim)
	if cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		return reconcile.Result{}, fmt.Errorf("deleting instance %s: %w", nodeClaim.Status.ProviderID, err)
	}
	since := c.setTerminating(nodeClaim)
	gone := err != nil
	wrote, err := patch.Status(ctx, c.Client, before, nodeClaim)
	if err != nil {
		return patch.Outcome(err)
	}
	if wrote {
		c.written.Wrote(nodeClaim)
	}
	if gone {
		return c.removeFinalizer(ctx, nodeClaim, &since)
	}
	c.polls.Next(nodeClaim, c.Clock.Now().Add(terminationPoll))
	return reconcile.Result{RequeueAfter: terminationPoll}, nil
}

// setTerminating sets the condition and returns since when it is True.
func (c *Controller) setTerminating(nodeClaim *v1.NodeClaim) time.Time {
	conditions := c.conditions(nodeClaim)
	conditions.SetTrue(v1.ConditionTypeInstanceTerminating)
	return conditions.Get(v1.ConditionTypeInstanceTerminating).LastTransitionTime.Time
}

// removeFinalizer lets the NodeClaim go. terminating is since when its instance
// was being terminated; nil when there was none.
func (c *Controller) removeFinalizer(ctx context.Context, nodeClaim *v1.NodeClaim, terminating *time.Time) (reconcile.Result, error) {
	// Whoever has stored another provider ID since has an instance to be deleted.
	unchanged := patch.If([]string{"status", "providerID"})
	var released *v1.NodeClaim
	err := patch.Persist(ctx, c.Live, nodeClaim, func(read *v1.NodeClaim) error {
		if read.Status.ProviderID != nodeClaim.Status.ProviderID {
			return errStale
		}
		released = editable(read)
		controllerutil.RemoveFinalizer(released, v1.TerminationFinalizer)
		_, err := patch.Object(ctx, c.Client, read, released, unchanged)
		return err
	})
	if stderrors.Is(err, errStale) {
		return reconcile.Result{RequeueAfter: patch.Retry}, nil
	}
	if err != nil {
		return patch.Outcome(err)
	}
	c.written.Released(released)
	c.deletes.Forget(types.NamespacedName{Name: nodeClaim.Status.NodeName})
	now := c.Clock.Now()
	if terminating != nil {
		c.NodeClaims.InstanceTerminated(nodeClaim, now.Sub(*terminating))
	}
	c.NodeClaims.Terminated(nodeClaim, now.Sub(nodeClaim.DeletionTimestamp.Time))
	log.FromContext(ctx).Info("deleted nodeclaim")
	return reconcile.Result{}, nil
}
