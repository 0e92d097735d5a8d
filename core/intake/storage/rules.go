// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"slices"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

// Rules decide about the volumes of pods. Safe for concurrent use.
type Rules struct {
	words   *vocabulary.Vocabulary
	drivers Drivers
}

// NewRules returns the rules of a provider with these words.
func NewRules(words *vocabulary.Vocabulary) *Rules {
	return &Rules{words: words, drivers: NewDrivers()}
}

// Volumes works out what the claims of one pod demand. An error names the claim
// that can be met nowhere, or the object that is missing or cannot be understood:
// then it is not known where the pod may run (SCH-087).
func (r *Rules) Volumes(claims []Claim) (intake.Volumes, error) {
	var out intake.Volumes
	all, demands := anywhere(), make([]*demand, 0, len(claims))
	for _, c := range claims {
		driver, err := r.drivers.Of(c)
		if err != nil {
			return intake.Volumes{}, c.Wrap(err)
		}
		out.Attachments = append(out.Attachments, attach.Attachment{Driver: driver, Claim: c.Key.String()})
		own, err := r.demand(c)
		if err != nil {
			return intake.Volumes{}, c.Wrap(err)
		}
		demands = append(demands, own)
		if all, err = product(all, own.topologies()); err != nil {
			return intake.Volumes{}, c.Wrap(err)
		}
	}
	all = slices.DeleteFunc(all, func(node requirement.Requirements) bool { return !together(demands, node) })
	out.Conflict = len(all) == 0
	if !out.Conflict && !isAnywhere(all) {
		out.Alternatives = all
	}
	return out, nil
}
