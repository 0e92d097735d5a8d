// SPDX-License-Identifier: Apache-2.0

package question

import (
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
)

// Settling says how the pods of a question that need a place anyway get one.
type Settling struct {
	// Gone are the state nodes, by key, that are as good as gone: their pods need
	// another place, too.
	Gone []string
	// Shut are those that get none of the pods.
	Shut []string
	// MinValues says what to do when a pool's cannot be met.
	MinValues requirement.MinValuesPolicy
}

// Settle gives the pods that wait or leave their places, on nodes or on new ones: they
// are not asked about any more (DIS-060, DIS-065). Those that the scheduler is told of
// a node for are there (SCH-310). It returns the state nodes, by key, that get any.
func (q *Question) Settle(o Settling) (settled *Question, receives map[string]bool) {
	in := q.Without(q.targets(o.Gone)...)
	for i := range in.Pods {
		in.Barred = in.Barred.Add(i)
	}
	for _, target := range q.targets(o.Shut) {
		in.Closed = in.Closed.Add(target)
	}
	in.MinValues, in.Reservations = o.MinValues, place.FallbackReservations
	in.Expected = q.nominated()
	plan := place.Solve(in)
	receives = map[string]bool{}
	for _, p := range plan.Placements {
		if n := q.Cluster.Targets().At(p.Node).StateNode; n != nil {
			receives[n.Key()] = true
		}
	}
	return q.After(in, plan), receives
}

// targets are those of state nodes by key, as far as they are any.
func (q *Question) targets(keys []string) []int {
	var out []int
	for _, key := range keys {
		if target, ok := q.Cluster.Targets().Index(key); ok {
			out = append(out, target)
		}
	}
	return out
}

// nominated are the waiting pods, by index, whose node the scheduler is told of.
func (q *Question) nominated() map[int]place.Expectation {
	at := map[string]int{}
	for i, n := range q.Cluster.Targets().Nodes {
		at[n.Name] = i
	}
	out := map[int]place.Expectation{}
	for i, pod := range q.waiting {
		if target, known := at[q.Pods[pod].Status.NominatedNodeName]; known {
			out[i] = place.Expectation{Node: target}
		}
	}
	return out
}
