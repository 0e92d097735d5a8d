// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// UIDs are those of NodeClaims, in their order.
func UIDs(claims []v1.NodeClaim) []types.UID {
	out := make([]types.UID, len(claims))
	for i := range claims {
		out[i] = claims[i].UID
	}
	return out
}

// Values are those that a label has on nodes, each once and sorted. Nodes without the label
// have the empty one.
func Values(nodes []corev1.Node, label string) []string {
	values := map[string]bool{}
	for i := range nodes {
		values[nodes[i].Labels[label]] = true
	}
	return slices.Sorted(maps.Keys(values))
}
