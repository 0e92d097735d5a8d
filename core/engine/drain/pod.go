// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"time"

	"karpenter.sh/core/engine/taint"
)

// StuckAfter is how long past its deletion timestamp a pod is waited for. The
// timestamp already includes the grace period, so a pod that is still there is
// one whose kubelet no longer answers.
const StuckAfter = time.Minute

// Pod is what draining must know of one pod on the node.
type Pod struct {
	// Terminal is set in the phases Succeeded and Failed.
	Terminal bool
	// Deletion is the deletion timestamp; zero while the pod is not terminating.
	Deletion time.Time
	// Grace is the pod's own grace period; HasGrace tells whether it has one.
	Grace    time.Duration
	HasGrace bool
	// Mirror is set for a static pod, which only its kubelet can end.
	Mirror bool
	// Daemon is set for a pod of a DaemonSet.
	Daemon bool
	// Critical is set for the two system priority classes.
	Critical bool
	// Tolerations are the pod's, as they stand.
	Tolerations taint.Tolerations
	// Protection is the pod's do-not-disrupt annotation.
	Protection Protection
	// Started is the start time; zero while the kubelet has not accepted the pod.
	Started time.Time
}

// Terminating reports whether the deletion of the pod was requested.
func (p Pod) Terminating() bool {
	return !p.Deletion.IsZero()
}

// Active reports whether the pod is neither terminal nor terminating.
func (p Pod) Active() bool {
	return !p.Terminal && !p.Terminating()
}

// StuckTerminating reports whether the pod should have been gone for longer
// than [StuckAfter].
func (p Pod) StuckTerminating(now time.Time) bool {
	return p.Terminating() && now.Sub(p.Deletion) > StuckAfter
}

// Drainable reports whether draining is about this pod at all.
func (p Pod) Drainable(now time.Time) bool {
	return !p.Mirror && !p.StuckTerminating(now) && !p.Tolerations.Tolerates(disrupted())
}

// Waiting reports whether the pod holds the node open.
func (p Pod) Waiting(now time.Time) bool {
	return !p.Terminal && p.Drainable(now)
}

// Protected reports whether do-not-disrupt is in force.
func (p Pod) Protected(now time.Time) bool {
	return p.Protection.Active(p.Started, now)
}

// Evictable reports whether the eviction API may be called for the pod.
func (p Pod) Evictable(now time.Time) bool {
	return p.Active() && p.Drainable(now) && !p.Protected(now)
}

// disrupted is the taint that keeps new pods off a node that is given up.
func disrupted() taint.Taint {
	return taint.Taint{Key: "karpenter.sh/disrupted", Effect: taint.NoSchedule}
}
