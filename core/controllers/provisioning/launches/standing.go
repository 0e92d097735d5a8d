// SPDX-License-Identifier: Apache-2.0

package launches

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// disagreement is how long a pod may stand before a ready node that the
	// planner has room on before somebody is told.
	disagreement = 3 * time.Minute
	// shunAfter is how long before the node is no longer planned with for the
	// workload, and shunFor how long that lasts.
	shunAfter = 5 * time.Minute
	shunFor   = 30 * time.Minute
)

// Placement is a waiting pod that the planner put on a ready node.
type Placement struct {
	Pod Pod
	// Node identifies it.
	Node string
}

// Standing is which pods stand before which nodes: planner and scheduler disagree
// about them. The zero Standing is not ready: use [NewStanding]. One goroutine
// uses it.
type Standing struct {
	pods map[types.UID]*stand
	shun map[Workload]map[string]time.Time
}

type stand struct {
	node  string
	since time.Time
	told  bool
}

// NewStanding returns a Standing with nobody.
func NewStanding() *Standing {
	return &Standing{pods: map[types.UID]*stand{}, shun: map[Workload]map[string]time.Time{}}
}

// Round takes in all such placements of a round, and returns those that have stood
// for too long and were not returned yet.
func (s *Standing) Round(now time.Time, placements []Placement) (late []Placement) {
	seen := make(map[types.UID]*stand, len(placements))
	for _, p := range placements {
		st := s.pods[p.Pod.UID]
		if st == nil || st.node != p.Node {
			st = &stand{node: p.Node, since: now}
		}
		seen[p.Pod.UID] = st
		stood := now.Sub(st.since)
		if stood >= disagreement && !st.told {
			st.told = true
			late = append(late, p)
		}
		if stood >= shunAfter {
			if s.shun[p.Pod.Workload] == nil {
				s.shun[p.Pod.Workload] = map[string]time.Time{}
			}
			s.shun[p.Pod.Workload][p.Node] = now
		}
	}
	s.pods = seen
	s.forget(now)
	return late
}

// forget drops what lasts no longer, also of workloads that nobody asks about any
// more.
func (s *Standing) forget(now time.Time) {
	for w, nodes := range s.shun {
		maps.DeleteFunc(nodes, func(_ string, at time.Time) bool { return now.Sub(at) >= shunFor })
		if len(nodes) == 0 {
			delete(s.shun, w)
		}
	}
}

// Shunned are the nodes that a workload's pods stood before in vain.
func (s *Standing) Shunned(w Workload, now time.Time) []string {
	s.forget(now)
	return slices.Sorted(maps.Keys(s.shun[w]))
}
