// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"slices"
	"strings"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// Solve places the pods.
func Solve(in Input) Plan {
	s := newSolver(in)
	for _, i := range order(in.Pods) {
		s.place(i)
	}
	return s.plan()
}

// order lists the pods' indexes as they are tried: larger CPU requests first,
// then memory (SCH-180), pods of a class together, then age and UID.
func order(pods []model.Pod) []int {
	type group struct {
		class *model.Class
		pods  []int
	}
	groups, at := []group(nil), map[*model.Class]int{}
	for i := range pods {
		c := pods[i].Class
		g, seen := at[c]
		if !seen {
			g, at[c] = len(groups), len(groups)
			groups = append(groups, group{class: c})
		}
		groups[g].pods = append(groups[g].pods, i)
	}
	for _, g := range groups {
		slices.SortFunc(g.pods, func(a, b int) int { return older(&pods[a], &pods[b]) })
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(
			cmp.Compare(b.class.Requests.Get(resource.CPU), a.class.Requests.Get(resource.CPU)),
			cmp.Compare(b.class.Requests.Get(resource.Memory), a.class.Requests.Get(resource.Memory)),
			older(&pods[a.pods[0]], &pods[b.pods[0]]))
	})
	out := make([]int, 0, len(pods))
	for _, g := range groups {
		out = append(out, g.pods...)
	}
	return out
}

func older(a, b *model.Pod) int {
	return cmp.Or(cmp.Compare(a.Created, b.Created), strings.Compare(a.UID, b.UID))
}

// solver is the state of one run.
type solver struct {
	in       Input
	nodes    []target
	pools    []*pool
	bins     []*bin
	classes  map[*model.Class]*class
	attempts int // attempts numbered so far
	placed   []Placement
	unplaced []int
}

func newSolver(in Input) *solver {
	s := &solver{in: in, classes: map[*model.Class]*class{}}
	for i, n := range in.Snapshot.Nodes {
		if !in.Without.Has(i) {
			s.nodes = append(s.nodes, target{Node: n, index: i})
		}
	}
	for i := range in.Snapshot.Pools {
		s.pools = append(s.pools, newPool(&in.Snapshot.Pools[i], i, in.Snapshot.Vocabulary))
	}
	return s
}

func (s *solver) place(pod int) {
	c := s.class(s.in.Pods[pod].Class)
	if c.NotBuilt == "" {
		for i := range c.attempts {
			if s.try(&c.attempts[i], pod) {
				return
			}
		}
	}
	s.unplaced = append(s.unplaced, pod)
}

func (s *solver) try(a *attempt, pod int) bool {
	return s.tryNodes(a, pod) || s.tryBins(a, pod) || s.tryPools(a, pod)
}
