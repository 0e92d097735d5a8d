// SPDX-License-Identifier: Apache-2.0

package census

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// PriceLabel is the label on which nodes carry their price an hour, in dollars
// (KWOK-021).
const PriceLabel = "eks-node-viewer/instance-price"

// Census is a count of a cluster at one moment.
type Census struct {
	// Pending, Bound and Running pods.
	Pending, Bound, Running int
	// Nodes, and how many of them are ready.
	Nodes, Ready int
	// Types counts nodes by instance type.
	Types map[string]int
	// Price of all nodes, in dollars an hour. Nodes without a price add nothing.
	Price float64
	// CPU, in cores, and Memory, in bytes.
	CPU, Memory Share
}

// Share is how much of something the pods on the nodes have reserved.
type Share struct {
	Reserved, Allocatable float64
}

// Percent is 0 where nothing can be reserved.
func (s Share) Percent() float64 {
	if s.Allocatable == 0 {
		return 0
	}
	return 100 * s.Reserved / s.Allocatable
}

// Pods is how many there are, whatever their state.
func (c Census) Pods() int { return c.Pending + c.Bound + c.Running }

// Count takes stock of pods and nodes. Pods that have ended or are on their way
// out do not count.
func Count(pods []corev1.Pod, nodes []corev1.Node) Census {
	c := Census{Nodes: len(nodes), Types: map[string]int{}}
	for i := range nodes {
		c.addNode(&nodes[i])
	}
	for i := range pods {
		c.addPod(&pods[i])
	}
	return c
}

func (c *Census) addNode(n *corev1.Node) {
	if slices.ContainsFunc(n.Status.Conditions, func(nc corev1.NodeCondition) bool {
		return nc.Type == corev1.NodeReady && nc.Status == corev1.ConditionTrue
	}) {
		c.Ready++
	}
	c.Types[n.Labels[corev1.LabelInstanceTypeStable]]++
	if price, err := strconv.ParseFloat(n.Labels[PriceLabel], 64); err == nil {
		c.Price += price
	}
	c.CPU.Allocatable += n.Status.Allocatable.Cpu().AsApproximateFloat64()
	c.Memory.Allocatable += n.Status.Allocatable.Memory().AsApproximateFloat64()
}

func (c *Census) addPod(p *corev1.Pod) {
	switch {
	case p.DeletionTimestamp != nil, p.Status.Phase == corev1.PodSucceeded, p.Status.Phase == corev1.PodFailed:
		return
	case p.Spec.NodeName == "":
		c.Pending++
		return
	case slices.ContainsFunc(p.Status.Conditions, func(pc corev1.PodCondition) bool {
		return pc.Type == corev1.PodReady && pc.Status == corev1.ConditionTrue
	}):
		c.Running++
	default:
		c.Bound++
	}
	for i := range p.Spec.Containers {
		requests := p.Spec.Containers[i].Resources.Requests
		c.CPU.Reserved += requests.Cpu().AsApproximateFloat64()
		c.Memory.Reserved += requests.Memory().AsApproximateFloat64()
	}
}

// Tally is a text with the number of its occurrences.
type Tally struct {
	Text  string
	Count int
}

// MostFrequent lists up to limit of the counted texts, the most frequent first
// and equals in the order of the alphabet.
func MostFrequent(counts map[string]int, limit int) []Tally {
	out := make([]Tally, 0, len(counts))
	for text, count := range counts {
		out = append(out, Tally{text, count})
	}
	slices.SortFunc(out, func(a, b Tally) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Text, b.Text)
	})
	return out[:min(len(out), limit)]
}
