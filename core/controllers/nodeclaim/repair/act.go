// SPDX-License-Identifier: Apache-2.0

package repair

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodeclaim/internal/removal"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/patch"
)

// giveUp deletes the NodeClaim and leaves no time to drain (EXT-143, EXT-144), if Node
// and NodeClaim are what was judged. If they are not, what they are now comes through the
// watch.
func (c *Controller) giveUp(ctx context.Context, p patient) error {
	node, nodeClaim := &corev1.Node{}, &v1.NodeClaim{}
	if same, err := c.reread(ctx, p.node, node); err != nil || !same {
		return err
	}
	if !slices.ContainsFunc(node.Status.Conditions, func(n corev1.NodeCondition) bool { return sameHealth(n, p.diagnosis.condition) }) {
		return nil
	}
	if same, err := c.reread(ctx, p.nodeClaim, nodeClaim); err != nil || !same {
		return err
	}
	if c.decide(p, nodeClaim).Delete {
		if deleted, err := c.delete(ctx, p, nodeClaim); err != nil || !deleted {
			return err
		}
	}
	return c.hurry(ctx, p, nodeClaim)
}

// reread reads an object past the cache, and reports whether it is still the one that was
// judged.
func (c *Controller) reread(ctx context.Context, judged, into client.Object) (bool, error) {
	key := client.ObjectKeyFromObject(judged)
	if err := c.Live.Get(ctx, key, into); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return false, nil
		}
		return false, fmt.Errorf("reading %T %s: %w", into, key.Name, err)
	}
	return into.GetUID() == judged.GetUID(), nil
}

// delete deletes the NodeClaim, and reports and counts it if that was accepted (EXT-145).
func (c *Controller) delete(ctx context.Context, p patient, nodeClaim *v1.NodeClaim) (bool, error) {
	deleted, err := removal.Remover{Client: c.Client, NodeClaims: c.NodeClaims}.Remove(ctx, nodeClaim, metrics.Unhealthy)
	if err != nil || !deleted {
		return false, err
	}
	condition := p.diagnosis.condition
	c.NodeClaims.Repaired(nodeClaim, condition.Type)
	c.Recorder.Publish(givenUp(p, c.Clock.Now())...)
	log.FromContext(ctx).Info("deleted nodeclaim of an unhealthy node", "NodeClaim", nodeClaim.Name,
		"condition", condition.Type, "status", condition.Status, "reason", condition.Reason, "since", p.diagnosis.Since())
	return true, nil
}

// hurry sets the deadline of a NodeClaim to now unless it has passed, whatever others
// write at the same time.
func (c *Controller) hurry(ctx context.Context, p patient, nodeClaim *v1.NodeClaim) error {
	const key = v1.NodeClaimTerminationTimestampAnnotationKey
	err := patch.Persist(ctx, c.Live, nodeClaim, func(before *v1.NodeClaim) error {
		deadline := c.decide(p, before).Hurry
		if deadline.IsZero() {
			return nil
		}
		after := before.DeepCopy()
		if after.Annotations = maps.Clone(before.Annotations); after.Annotations == nil {
			after.Annotations = map[string]string{}
		}
		after.Annotations[key] = deadline.Format(time.RFC3339)
		_, err := patch.Object(ctx, c.Client, before, after, patch.If([]string{"metadata", "annotations", key}))
		return err
	})
	if err != nil {
		return fmt.Errorf("hurrying the termination of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	return nil
}
