// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// leastShare is the part of the promised capacity that a node must have.
const leastShare = 0.90

// shapeIssues lists the requested resources of which the node has notably less
// than its NodeClaim promised, by name (LIF-195).
func shapeIssues(node *corev1.Node, nodeClaim *v1.NodeClaim) []string {
	var issues []string
	requests := nodeClaim.Spec.Resources.Requests
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		requested, expected, found := requests[name], nodeClaim.Status.Capacity[name], node.Status.Capacity[name]
		if requested.IsZero() || expected.IsZero() {
			continue
		}
		if share := found.AsApproximateFloat64() / expected.AsApproximateFloat64(); share < leastShare {
			issues = append(issues, fmt.Sprintf("expected %s of resource %s, but found %s (%.1f%% of expected)",
				expected.String(), name, found.String(), share*100))
		}
	}
	return issues
}
