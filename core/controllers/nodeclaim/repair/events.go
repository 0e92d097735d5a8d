// SPDX-License-Identifier: Apache-2.0

package repair

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/repair"
	"karpenter.sh/core/events"
)

// blockedWindow is how long users are not told again (OPS-184).
const blockedWindow = 15 * time.Minute

// tellBlocked tells the Node, its NodeClaim and its NodePool that too many nodes are
// broken. Once the NodePool is gone so is whoever would look at it (EXT-142).
func (c *Controller) tellBlocked(ctx context.Context, p patient) error {
	told, among := []client.Object{p.node, p.nodeClaim}, "cluster"
	if name := p.nodeClaim.Labels[v1.NodePoolLabelKey]; name != "" {
		nodePool := &v1.NodePool{}
		if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, nodePool); err != nil {
			if errors.IsNotFound(err) {
				return nil
			}
			return fmt.Errorf("reading nodepool %s: %w", name, err)
		}
		told, among = append(told, nodePool), "nodepool"
	}
	for _, o := range told {
		c.Recorder.Publish(blocked(o, among, p.peers))
	}
	return nil
}

func blocked(o client.Object, among string, peers repair.Peers) events.Event {
	what := "more than 20% nodes are unhealthy in the " + among
	return events.Event{
		Object: o, Type: events.Warning, Reason: events.NodeRepairBlocked,
		Message:      fmt.Sprintf("%s: %d of %d", what, peers.Sick, peers.All),
		Gist:         what, // the numbers are no news
		DedupeValues: []string{string(o.GetUID())}, DedupeTimeout: blockedWindow,
	}
}

// givenUp tells the Node and its NodeClaim what they are given up for (OPS-196).
func givenUp(p patient, now time.Time) []events.Event {
	condition := p.diagnosis.condition
	message := fmt.Sprintf("Disrupting the node: Unhealthy, condition %s has been %s for %s",
		condition.Type, condition.Status, now.Sub(p.diagnosis.Since()).Round(time.Second))
	if condition.Reason != "" {
		message += " (" + condition.Reason + ")"
	}
	var out []events.Event
	for _, o := range []client.Object{p.node, p.nodeClaim} {
		out = append(out, events.Event{
			Object: o, Type: events.Normal, Reason: events.DisruptionTerminating, Message: message,
			DedupeValues: []string{string(o.GetUID()), "Unhealthy"},
		})
	}
	return out
}
