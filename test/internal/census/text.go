// SPDX-License-Identifier: Apache-2.0

package census

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Line is the census in one line, for a display of progress. What nodes cost is left out
// where they do not say it.
func (c Census) Line() string {
	line := fmt.Sprintf("pods %d: %d pending, %d bound, %d running | nodes %d, %d ready",
		c.Pods(), c.Pending, c.Bound, c.Running, c.Nodes, c.Ready)
	if c.Price > 0 {
		line += fmt.Sprintf(" | $%.2f/h", c.Price)
	}
	return line
}

// NodesByType lists the instance types with their counts, the most frequent
// first and no more than limit, followed by how many nodes are of others.
func (c Census) NodesByType(limit int) string {
	var parts []string
	left := c.Nodes
	for _, t := range MostFrequent(c.Types, limit) {
		parts = append(parts, fmt.Sprintf("%d × %s", t.Count, t.Text))
		left -= t.Count
	}
	if left > 0 {
		parts = append(parts, fmt.Sprintf("%d of other types", left))
	}
	return strings.Join(parts, ", ")
}

// Reserved is how much of the nodes the pods use.
func (c Census) Reserved() string {
	return fmt.Sprintf("CPU %.0f%% of %.0f cores, memory %.0f%% of %s",
		c.CPU.Percent(), c.CPU.Allocatable, c.Memory.Percent(), Bytes(c.Memory.Allocatable))
}

// Bytes writes an amount of memory with three digits or so.
func Bytes(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 1024 && i < len(units)-1 {
		n /= 1024
		i++
	}
	if n < 10 && i > 0 {
		return fmt.Sprintf("%.1f %s", n, units[i])
	}
	return fmt.Sprintf("%.0f %s", n, units[i])
}

// WhyPending counts the latest message that Karpenter gave each pending pod for
// not scheduling it. Pods without one are counted under the empty text.
func WhyPending(pods []corev1.Pod, events []corev1.Event) map[string]int {
	latest := map[types.UID]corev1.Event{}
	for _, e := range events {
		if e.Reason != "FailedScheduling" || e.Source.Component != "karpenter" {
			continue
		}
		if have, ok := latest[e.InvolvedObject.UID]; !ok || have.LastTimestamp.Before(&e.LastTimestamp) {
			latest[e.InvolvedObject.UID] = e
		}
	}
	out := map[string]int{}
	for i := range pods {
		if pods[i].Spec.NodeName == "" && pods[i].DeletionTimestamp == nil {
			out[latest[pods[i].UID].Message]++
		}
	}
	return out
}
