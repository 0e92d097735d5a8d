// SPDX-License-Identifier: Apache-2.0

package question

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
)

// Question is a cluster at one moment with pods to place. The index of a pod, a
// node or a pool in the engine's answers is the one in Pods, in the snapshot's
// targets and in Pools.
type Question struct {
	Cluster *cluster.Snapshot
	Pods    []*corev1.Pod
	// Models are the pods to the engine.
	Models []model.Pod
	Pools  []Pool

	snapshot *model.Snapshot
	// gone are the targets that plans which were carried out have left out.
	gone bitset.Set
	// standing are the pods that run on targets, by target; waiting those that need
	// a place anyway.
	standing map[int][]int
	waiting  []int
}

// Input asks about all pods.
func (q *Question) Input() place.Input { return place.Input{Snapshot: q.snapshot, Pods: q.Models} }

// Without asks where the pods that stand on some targets would go if these were
// gone, beside the pods that need a place anyway (DIS-060). The order of the
// targets does not matter. The input's pods are those of Indexes; the ones that
// stand are Moved. What the targets count against the limits of their pools is
// free (DIS-067).
func (q *Question) Without(targets ...int) place.Input {
	in := place.Input{Snapshot: q.refunded(targets), Without: q.gone.Clone()}
	for _, target := range targets {
		in.Without = in.Without.Add(target)
	}
	for i, pod := range q.Indexes(targets...) {
		in.Pods = append(in.Pods, q.Models[pod])
		if i >= len(q.waiting) {
			in.Moved = in.Moved.Add(i)
		}
	}
	return in
}

// After is the question once a plan is carried out, which answers an input of
// Without, changed or not: the targets that it left out are gone, and all pods
// that it was about have their place or none and are not asked about any more.
func (q *Question) After(in place.Input, plan place.Plan) *Question {
	out := *q
	out.snapshot, out.gone, out.waiting = place.After(in, plan), in.Without, nil
	return &out
}

// Indexes returns the indexes of the pods that Without asks about.
func (q *Question) Indexes(targets ...int) []int {
	pods := slices.Clone(q.waiting)
	for _, target := range slices.Sorted(slices.Values(targets)) {
		pods = append(pods, q.standing[target]...)
	}
	return pods
}

// refunded is the snapshot with what targets use of limits given back to the
// pools.
func (q *Question) refunded(targets []int) *model.Snapshot {
	out := *q.snapshot
	out.Pools = slices.Clone(out.Pools)
	for _, target := range targets {
		node := q.Cluster.Targets().At(target).StateNode
		if node == nil {
			continue
		}
		for i := range out.Pools {
			if p := &out.Pools[i]; p.Pool == node.NodePool() && len(p.Remaining) > 0 {
				p.Remaining = p.Remaining.Refund(node.Capacity())
			}
		}
	}
	return &out
}

// stand tells the engine where pods are counted that it may be asked about.
func (q *Question) stand(nodes map[int]string) {
	q.standing = map[int][]int{}
	targets := q.Cluster.Targets()
	for pod := range q.Pods {
		key, stands := nodes[pod]
		if !stands {
			q.waiting = append(q.waiting, pod)
			continue
		}
		if target, ok := targets.Index(key); ok {
			q.Models[pod].From = q.snapshot.Nodes[target]
			q.standing[target] = append(q.standing[target], pod)
		}
	}
}
