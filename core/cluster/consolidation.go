// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// consolidationExpiry is how long a verdict "nothing to do" holds without any
// change: prices and offerings change outside the model (LIF-052).
const consolidationExpiry = 5 * time.Minute

// consolidation stamps the state of everything that consolidation looks at.
type consolidation struct {
	stamp uint64
	at    time.Time
}

func (c *consolidation) touch(now time.Time) { c.stamp, c.at = c.stamp+1, now }

// ConsolidationState is a stamp of all that disruption decides from: as long as
// it is equal, an evaluation that found nothing would find nothing again
// (LIF-052). It changes at the latest 5 minutes after the last change, so read
// it before an evaluation and compare it before the next.
func (c *Cluster) ConsolidationState() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.consolidationState()
}

func (c *Cluster) consolidationState() uint64 {
	if now := c.clock.Now(); now.Sub(c.consolidation.at) >= consolidationExpiry {
		c.consolidation.touch(now)
	}
	return c.consolidation.stamp
}

// MarkUnconsolidated says that something outside the model changed what
// disruption decides from, such as an overlay of instance types or a
// PodDisruptionBudget.
func (c *Cluster) MarkUnconsolidated() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.consolidation.touch(c.clock.Now())
}

// disruptionDiffers reports whether replacing one state node by another may
// change what disruption does; what pods do is told by their own events.
func disruptionDiffers(old, now *StateNode) bool {
	if old == nil || now == nil {
		return old != now
	}
	return (old.node == nil) != (now.node == nil) || (old.claim == nil) != (now.claim == nil) ||
		old.Initialized() != now.Initialized() ||
		old.MarkedForDeletion() != now.MarkedForDeletion() ||
		protected(old.node) != protected(now.node) ||
		isTrue(old.claim, v1.ConditionTypeConsolidatable) != isTrue(now.claim, v1.ConditionTypeConsolidatable) ||
		isTrue(old.claim, v1.ConditionTypeDrifted) != isTrue(now.claim, v1.ConditionTypeDrifted)
}

func protected(node *corev1.Node) string {
	if node == nil {
		return ""
	}
	return node.Annotations[v1.DoNotDisruptAnnotationKey]
}
