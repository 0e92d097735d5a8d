// SPDX-License-Identifier: Apache-2.0

package census

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// mostReasons is how many different reasons are told.
const mostReasons = 5

// Why tells, in lines, what keeps pods without a node and NodeClaims from being
// ready; empty if nothing is.
func Why(pods []corev1.Pod, claims []v1.NodeClaim, events []corev1.Event) string {
	return tell("Pods that have no node:", WhyPending(pods, events), "Karpenter has said nothing about them") +
		tell("NodeClaims that are not ready:", notReady(claims), "")
}

func tell(title string, counts map[string]int, unknown string) string {
	if len(counts) == 0 {
		return ""
	}
	out := strings.Builder{}
	fmt.Fprintln(&out, title)
	for _, t := range MostFrequent(counts, mostReasons) {
		if t.Text == "" {
			t.Text = unknown
		}
		fmt.Fprintf(&out, "  %5d × %s\n", t.Count, t.Text)
	}
	return out.String()
}

// notReady counts the conditions that keep NodeClaims from being ready.
func notReady(claims []v1.NodeClaim) map[string]int {
	out := map[string]int{}
	for i := range claims {
		var blockers []string
		for _, c := range claims[i].Status.Conditions {
			if c.Type != "Ready" && !c.IsTrue() {
				blockers = append(blockers, strings.TrimSpace(fmt.Sprintf("%s: %s %s", c.Type, c.Reason, c.Message)))
			}
		}
		if claims[i].DeletionTimestamp != nil {
			blockers = append(blockers, "on its way out")
		}
		if len(blockers) > 0 {
			out[strings.Join(blockers, "; ")]++
		}
	}
	return out
}
