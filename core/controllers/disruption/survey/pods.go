// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/objects/pods"
)

// boundPods says what the engine must know of the pods on a node.
func boundPods(v view) []disrupt.Pod {
	bound := v.state.Pods()
	if len(bound) == 0 {
		return nil
	}
	out := make([]disrupt.Pod, len(bound))
	for i, p := range bound {
		out[i] = podOf(p.Pod, p.EvictionCost)
		out[i].Blocking = v.budgets.Blocking(p.Pod, v.now)
		out[i].Moved = v.moved[p.UID]
	}
	return out
}

// Pods says what the engine must know of pods as they were read from the API
// server.
func Pods(list []corev1.Pod, budgets pods.Budgets, now time.Time) []disrupt.Pod {
	var out []disrupt.Pod
	for i := range list {
		pod := &list[i]
		if pods.Terminal(pod) {
			continue
		}
		cost, _ := cluster.EvictionCost(pod) // told of by the complaints of a survey
		p := podOf(pod, cost)
		p.Blocking = budgets.Blocking(pod, now)
		out = append(out, p)
	}
	return out
}

func podOf(pod *corev1.Pod, cost float64) disrupt.Pod {
	return disrupt.Pod{
		Namespace:     pod.Namespace,
		Name:          pod.Name,
		Active:        pods.Active(pod),
		Reschedulable: pods.Reschedulable(pod),
		EvictionCost:  cost,
		Workload:      moves.WorkloadOf(pod),
		Protection:    pods.Protection(pod),
		Started:       pods.Started(pod),
	}
}

// complaints remembers the pods whose deletion cost was complained of, so that
// each is told once (DIS-042).
type complaints struct {
	told map[types.UID]string
}

func (c *complaints) tell(ctx context.Context, snapshot *cluster.Snapshot) {
	seen := map[types.UID]string{}
	for _, n := range snapshot.Nodes() {
		for _, p := range n.Pods() {
			text, given := p.Annotations[corev1.PodDeletionCost]
			if !given {
				continue
			}
			_, err := cluster.EvictionCost(p.Pod)
			if err == nil {
				continue
			}
			if seen[p.UID] = text; c.told[p.UID] != text {
				log.FromContext(ctx).Error(err, "ignoring the deletion cost of a pod", "Pod", client.ObjectKeyFromObject(p.Pod))
			}
		}
	}
	c.told = seen
}
