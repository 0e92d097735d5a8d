// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"time"

	"karpenter.sh/core/engine/drain"
)

// Pod is what disruption must know of one pod bound to a node.
type Pod struct {
	// Namespace and Name are for those who read a refusal.
	Namespace, Name string
	// Active pods are neither terminal nor terminating.
	Active bool
	// Reschedulable pods, or their successors, need another place when the node
	// goes.
	Reschedulable bool
	// EvictionCost is what moving the pod costs; see [EvictionCost].
	EvictionCost float64
	// Protection is the pod's do-not-disrupt annotation, Started its start time;
	// zero while the kubelet has not accepted the pod.
	Protection drain.Protection
	Started    time.Time
	// Workload is what would make another pod in its place; empty for nothing.
	Workload string
	// Moved pods came to be because consolidation gave up the node of another, less
	// than [CoolDown] ago.
	Moved bool
	// Blocking names the disruption budgets that forbid evicting the pod now.
	// Empty for pods that are never evicted.
	Blocking []string
}

// undisruptable reports whether the pod must not be disrupted (DIS-033).
func (p *Pod) undisruptable(now time.Time) bool {
	return p.Active && p.Protection.Active(p.Started, now)
}

func (p *Pod) path() string { return p.Namespace + "/" + p.Name }
