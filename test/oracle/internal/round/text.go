// SPDX-License-Identifier: Apache-2.0

package round

import (
	"encoding/json"
	"fmt"
	"strings"

	"karpenter.sh/core/engine/place"
)

// Text is all that a plan says, by the names of objects: equal texts are equal
// plans, whatever they were planned with.
func (r *Round) Text(plan *place.Plan) (string, error) {
	claims, err := r.Claims(plan)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range plan.Placements {
		fmt.Fprintf(&b, "%s on %s\n", r.Pods[p.Pod].Name, r.NodeName(p.Node))
	}
	for i, claim := range claims {
		written, err := json.Marshal(claim)
		if err != nil {
			return "", fmt.Errorf("writing NodeClaim %s: %w", claim.Name, err)
		}
		fmt.Fprintf(&b, "bin %d at %v: %s\n", i, plan.Bins[i].Price, written)
		for _, pod := range plan.Bins[i].Pods {
			fmt.Fprintf(&b, "  %s\n", r.Pods[pod].Name)
		}
	}
	for _, pod := range plan.Deferred {
		fmt.Fprintf(&b, "%s waits\n", r.Pods[pod].Name)
	}
	for _, u := range plan.Unplaced {
		fmt.Fprintf(&b, "%s left: %s\n", r.Pods[u.Pod].Name, u.Why)
	}
	return b.String(), nil
}
