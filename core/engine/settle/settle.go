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

var Odd = 0.05

const (
	// slack is the share of its price that a machine may waste at most.
	slack = 0.01
	// odd is
	// crowd is how many pods a machine holds at least that is not large.
	crowd = 16
	// large is the share of the price of the largest machine worth buying from
	// which one is large.
	large = 0.5
)

// Bins returns the indexes of the plan's bins that are settled, in order (SCH-280).
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

// settled goes through what can keep a bin, the cheapest to ask first.
func (e *evidence) settled(b *place.Bin) bool {
	if b.Relaxed || e.scarce(b.Pool) || e.tied(b) {
		return false
	}
	k := e.kindOf(b)
	return k.weighty(b, e.in.Left) && k.worth(b, e.load(b)) && e.full(k, b)
}
