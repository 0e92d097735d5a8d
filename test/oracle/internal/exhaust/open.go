// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/test/oracle/internal/round"
)

// Open are the new nodes that may be opened for a pod before any has its place, and
// whose domains count for it (SCH-142). What cannot be told is taken as open.
func Open(r *round.Round, pod int) ([]*corev1.Node, error) {
	s := &survey{round: r, plan: &place.Plan{}}
	var err error
	if s.fresh, err = freshNodes(r, 0); err != nil {
		return nil, err
	}
	var out []*corev1.Node
	for _, f := range s.openFor(&left{index: pod, pod: r.Pods[pod]}) {
		out = append(out, f.node)
	}
	return out, nil
}
