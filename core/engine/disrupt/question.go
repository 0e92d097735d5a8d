// SPDX-License-Identifier: Apache-2.0

package disrupt

import "karpenter.sh/core/engine/place"

// Question is what can be asked about a state. Pods that wait for a place, and those
// of nodes that are leaving, have theirs already or are not part of it: only the pods
// of nodes that are left out are asked about. Safe for concurrent use.
type Question interface {
	// Without asks where the pods of some nodes would go if these were gone; false
	// if one of them cannot be left out. The pods are Moved. The index of a node is
	// the same in all inputs.
	Without(nodes ...string) (place.Input, bool)
	// After is what can be asked once a plan for an input of Without is carried
	// out.
	After(asked place.Input, plan place.Plan) Question
}

// homeless are the moved pods that a plan has no place for (DIS-064).
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

// destinations are the nodes that pods are placed on, each once.
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
