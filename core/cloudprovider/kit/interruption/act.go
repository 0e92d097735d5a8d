// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// act does what a notice says about one NodeClaim, which is shared with the cache
// (KIT-153). One under deletion is left alone.
func (c *Controller) act(ctx context.Context, nodeClaim *v1.NodeClaim, notice Notice) error {
	if !nodeClaim.DeletionTimestamp.IsZero() || c.deleted.has(nodeClaim.UID) {
		return nil
	}
	if err := c.tell(ctx, nodeClaim, notice); err != nil {
		return err
	}
	if c.opts.Mark != nil {
		c.opts.Mark(ctx, nodeClaim, notice)
	}
	if notice.Action == Inform {
		return nil
	}
	if notice.Action == Terminate {
		if err := c.hurry(ctx, nodeClaim); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
	return c.delete(ctx, nodeClaim, notice.Kind)
}

// tell publishes what happens, and that the NodeClaim goes for it, on the NodeClaim
// and on its Node.
func (c *Controller) tell(ctx context.Context, nodeClaim *v1.NodeClaim, notice Notice) error {
	nodes, err := index.Nodes(ctx, c.opts.Client, nodeClaim.Status.ProviderID)
	if err != nil {
		return err
	}
	c.opts.Events.Publish(notice.events(nodeClaim, "NodeClaim")...)
	for i := range nodes {
		c.opts.Events.Publish(notice.events(&nodes[i], "Node")...)
	}
	return nil
}

// events are what users see of the notice on an object of a kind. A notice that is
// delivered again is no news.
func (n Notice) events(object client.Object, kind string) []events.Event {
	told := func(severity, reason, message string) events.Event {
		return events.Event{
			Object: object, Type: severity, Reason: reason, Message: message,
			DedupeValues: []string{string(object.GetUID())},
		}
	}
	if n.Action == Inform {
		return []events.Event{told(corev1.EventTypeNormal, n.Reason, n.Message)}
	}
	return []events.Event{
		told(corev1.EventTypeWarning, n.Reason, n.Message),
		told(corev1.EventTypeWarning, events.TerminatingOnInterruption, "Interruption triggered termination for the "+kind),
	}
}

// hurry leaves no time to drain, unless a time is set already.
func (c *Controller) hurry(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	err := patch.Persist(ctx, c.opts.Live, nodeClaim, func(before *v1.NodeClaim) error {
		const key = v1.NodeClaimTerminationTimestampAnnotationKey
		if before.Annotations[key] != "" {
			return nil
		}
		after := before.DeepCopy()
		if after.Annotations = maps.Clone(before.Annotations); after.Annotations == nil {
			after.Annotations = map[string]string{}
		}
		after.Annotations[key] = c.opts.Clock.Now().Format(time.RFC3339)
		_, err := patch.Object(ctx, c.opts.Client, before, after, patch.If([]string{"metadata", "annotations", key}))
		return err
	})
	if err != nil {
		return fmt.Errorf("hurrying the termination of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	return nil
}

// delete deletes the very NodeClaim, and counts it once (KIT-154).
func (c *Controller) delete(ctx context.Context, nodeClaim *v1.NodeClaim, kind metrics.Reason) error {
	if !c.deleted.begin(nodeClaim.UID) {
		return nil
	}
	target := nodeClaim.DeepCopy()
	err := c.opts.Client.Delete(ctx, target, client.Preconditions{UID: &target.UID})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // a conflict: the name is another's by now
		return nil
	case err != nil:
		c.deleted.undo(nodeClaim.UID)
		return fmt.Errorf("deleting nodeclaim %s: %w", nodeClaim.Name, err)
	}
	c.opts.NodeClaims.Disrupted(metrics.Disruption{NodeClaim: nodeClaim, Reason: kind})
	log.FromContext(ctx).Info("deleted nodeclaim of an interrupted machine", "NodeClaim", nodeClaim.Name, "kind", kind)
	return nil
}
