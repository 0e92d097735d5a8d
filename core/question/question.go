// SPDX-License-Identifier: Apache-2.0

package question

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cluster"
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
	// standing are the pods that run on targets, by target.
	standing map[int][]int
}

// Input asks about all pods.
func (q *Question) Input() place.Input { return place.Input{Snapshot: q.snapshot, Pods: q.Models} }

// Without asks where the pods that stand on some targets would go if these were
// gone. The input's pods are those of the targets, in the order given; Indexes
// tells which.
func (q *Question) Without(targets ...int) place.Input {
	in := place.Input{Snapshot: q.snapshot}
	for _, target := range targets {
		in.Without = in.Without.Add(target)
	}
	for _, pod := range q.Indexes(targets...) {
		in.Pods = append(in.Pods, q.Models[pod])
	}
	return in
}

// Indexes returns the indexes of the pods that stand on some targets.
func (q *Question) Indexes(targets ...int) (pods []int) {
	for _, target := range targets {
		pods = append(pods, q.standing[target]...)
	}
	return pods
}

// stand tells the engine where pods are counted that it may be asked about.
func (q *Question) stand(nodes map[int]string) {
	q.standing = map[int][]int{}
	targets := q.Cluster.Targets()
	for pod := range q.Pods {
		key, ok := nodes[pod]
		if !ok {
			continue
		}
		if target, ok := targets.Index(key); ok {
			q.Models[pod].From = q.snapshot.Nodes[target]
			q.standing[target] = append(q.standing[target], pod)
		}
	}
}
