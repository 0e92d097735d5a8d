// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/launch"
	"karpenter.sh/core/objects/pods"
)

// Machines are the replacements of a command, which was decided or validated over
// this survey, ready to be launched. An error means that nothing was asked about the
// nodes of the command.
func (s *Survey) Machines(c disrupt.Command) ([]launch.Machine, error) {
	if len(c.Replacements) == 0 {
		return nil, nil
	}
	var targets []int
	ok := s.asked != nil
	if ok {
		targets, ok = s.asked.targets(c.Nodes)
	}
	if !ok {
		return nil, fmt.Errorf("nothing is known of where the pods of nodes %v would go", c.Nodes)
	}
	pods := s.asked.Indexes(targets...)
	out := make([]launch.Machine, len(c.Replacements))
	for i := range c.Replacements {
		bin := &c.Replacements[i].Bin
		out[i] = launch.Machine{Question: s.asked.Question, Bin: bin, Pods: make([]int, len(bin.Pods))}
		for j, pod := range bin.Pods {
			out[i].Pods[j] = pods[pod]
		}
	}
	return out, nil
}

// Moving are the pods of nodes that will need another place once these go.
func (s *Survey) Moving(nodes ...string) []*corev1.Pod {
	var out []*corev1.Pod
	for _, id := range nodes {
		for _, p := range s.Node(id).Pods() {
			if pods.Reschedulable(p.Pod) {
				out = append(out, p.Pod)
			}
		}
	}
	return out
}

// Destinations are the IDs of the nodes that pods of a command's nodes are to go to.
func (s *Survey) Destinations(c disrupt.Command) []string {
	var out []string
	for _, target := range c.Destinations {
		if at := s.snapshot.Targets().At(target); at.StateNode != nil {
			out = append(out, at.StateNode.Key())
		}
	}
	return out
}
