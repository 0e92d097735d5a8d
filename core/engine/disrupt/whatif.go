// SPDX-License-Identifier: Apache-2.0

package disrupt

import "karpenter.sh/core/engine/place"

// WhatIf asks where pods would go if nodes, by ID in any order, were gone all at
// once (DIS-059, DIS-060). The pods of these nodes are the question's Moved ones;
// those that wait anyway are asked about too. The same set of nodes gives the same
// question. It is false if one of the nodes is no place for pods any more: there is
// nothing to decide about it now.
type WhatIf func(nodes ...string) (place.Input, bool)

// homeless are those of the pods that would be moved which have no place in a plan,
// as namespace/name (DIS-064).
func homeless(asked place.Input, plan place.Plan) []string {
	var out []string
	for i := range plan.Unplaced {
		if pod := plan.Unplaced[i].Pod; asked.Moved.Has(pod) {
			out = append(out, asked.Pods[pod].String())
		}
	}
	for _, pod := range plan.Deferred {
		if asked.Moved.Has(pod) {
			out = append(out, asked.Pods[pod].String())
		}
	}
	return out
}

// destinations are the snapshot nodes that a plan puts pods on, each once.
func destinations(plan place.Plan) []int {
	var out []int
	seen := map[int]bool{}
	for _, p := range plan.Placements {
		if !seen[p.Node] {
			seen[p.Node] = true
			out = append(out, p.Node)
		}
	}
	return out
}
