// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
)

// Input is a question: which machines of a plan need not wait for the pods that
// are still to come?
type Input struct {
	// Snapshot and Pods are what Plan was made for.
	Snapshot *model.Snapshot
	Pods     []model.Pod
	Plan     *place.Plan
	// Left is the price per hour of what was launched ahead of the pods still to
	// come, since the first of them came.
	Left float64
}

// Measures of the decision. They were chosen on arrivals of real and synthetic
// workloads (package benchmark).
const (
	// slack is the share of its price that a bin may cost more than its pods are
	// worth.
	slack = 0.02
	// idle is the share of what a machine has that pods of other shapes may find
	// unused. Where pods of one shape come first it is what waiting would have
	// saved at most, had those come that it suits.
	idle = 0.08
	// crowd is how many pods a bin holds at least that is not large.
	crowd = 16
	// large is the share of the price of the largest machine worth buying from
	// which one is large.
	large = 0.5
)

// Bins returns the indexes of the plan's bins that are settled, in order (SCH-018).
func Bins(in Input) []int {
	e := newEvidence(in)
	var out []int
	for i := range in.Plan.Bins {
		if e.settled(&in.Plan.Bins[i]) {
			out = append(out, i)
		}
	}
	return out
}

// settled asks what can keep a bin, the cheapest to answer first.
func (e *evidence) settled(b *place.Bin) bool {
	if b.Relaxed || e.scarce(b.Pool) || e.tied(b) {
		return false
	}
	k, load := e.kindOf(b), e.load(b)
	return k.weighty(b, e.in.Left) && k.worth(b, load) && !k.gaping(b, load) && e.full(k, b, load)
}
