// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

const (
	// overdueAfter is how long after its registration a node that is not
	// initialized is reported, and how often then.
	overdueAfter = 15 * time.Minute
	// InitializationTimeout is how long after its registration a node that is not
	// initialized is given up, once nothing on it is worth keeping.
	InitializationTimeout = 30 * time.Minute
	// overduePoll is how often it is asked then whether anything is.
	overduePoll = time.Minute
)

// overdue repeats what keeps a node from being initialized long after it
// registered, and in the end gives it up: it serves no pods and costs as much as
// one that does (LIF-104, LIF-105).
func (c *Controller) overdue(ctx context.Context, p *pass) error {
	waited := p.now.Sub(waitsSince(p))
	if waited < overdueAfter {
		p.again(overdueAfter - waited)
		return nil
	}
	c.Recorder.Publish(initializationOverdue(p.nodeClaim, p.conditions.Get(v1.ConditionTypeInitialized)))
	if waited < InitializationTimeout {
		p.again(min(overdueAfter, InitializationTimeout-waited))
		return nil
	}
	keep, err := c.worthKeeping(ctx, p)
	if err != nil {
		return err
	}
	if keep {
		p.again(overduePoll)
		return nil
	}
	cause := p.conditions.Get(v1.ConditionTypeInitialized)
	p.then(func(ctx context.Context) error {
		removed, err := c.remove(ctx, p.nodeClaim, metrics.InitializationTimeout)
		if removed {
			log.FromContext(ctx).Info("deleting nodeclaim that does not initialize", "reason", cause.Reason, "message", cause.Message)
			c.Recorder.Publish(initializationTimedOut(p.nodeClaim, cause))
		}
		return err
	})
	return nil
}

// waitsSince is since when the node has been waiting to be initialized: since its
// registration, or since it came back after it was lost.
func waitsSince(p *pass) time.Time {
	registered := p.conditions.Get(v1.ConditionTypeRegistered).LastTransitionTime.Time
	initialized := p.conditions.Get(v1.ConditionTypeInitialized).LastTransitionTime.Time
	if initialized.After(registered) {
		return initialized
	}
	return registered
}

// worthKeeping reports whether the NodeClaim, its Node or a pod on it is protected,
// or a pod runs there that no DaemonSet and no kubelet puts on every node.
func (c *Controller) worthKeeping(ctx context.Context, p *pass) (bool, error) {
	if p.nodeClaim.Annotations[v1.DoNotDisruptAnnotationKey] == v1.LabelValueTrue {
		return true, nil
	}
	for i := range p.nodes {
		node := &p.nodes[i]
		if node.Annotations[v1.DoNotDisruptAnnotationKey] == v1.LabelValueTrue {
			return true, nil
		}
		pods, err := index.Pods(ctx, c.Client, node.Name)
		if err != nil {
			return false, fmt.Errorf("looking for what runs on node %s: %w", node.Name, err)
		}
		if slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return keeps(&pod, p.now) }) {
			return true, nil
		}
	}
	return false, nil
}

// keeps reports whether a pod is worth keeping its node for.
func keeps(pod *corev1.Pod, now time.Time) bool {
	if pods.Terminal(pod) {
		return false
	}
	if pods.ForDrain(pod).Protected(now) {
		return true
	}
	return pod.Status.Phase == corev1.PodRunning && pods.Active(pod) && !pods.OwnedByDaemonSet(pod) && !pods.OwnedByNode(pod)
}
