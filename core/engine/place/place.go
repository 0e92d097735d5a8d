// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"slices"
	"strings"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// Solve places the pods.
func Solve(in Input) Plan {
	s := newSolver(in)
	left := s.retry(s.mayFitLater(s.placeAll(s.attract(s.placeExpected(order(in.Pods))))))
	if s.unbind(left) {
		left = s.retry(left)
	}
	if s.heedVolumes(left) {
		s.retry(left)
	}
	s.repack()
	s.decide()
	return s.plan()
}

// retry places pods as long as that leads anywhere, and returns those that are
// left: pods under topology rules may fit once others are placed, and deferred
// ones once a bin gives a reservation back (SCH-182, SCH-215).
func (s *solver) retry(waiting []int) []int {
	for len(waiting) > 0 {
		still := s.placeAll(waiting)
		if len(still) == len(waiting) {
			break
		}
		waiting = still
	}
	return waiting
}

// order lists the pods' indexes as they are tried: larger CPU requests first,
// then memory (SCH-180), pods of a class together, then age and UID.
func order(pods []model.Pod) []int {
	type kind struct {
		class *model.Class
		pods  []int
	}
	kinds, at := []kind(nil), map[*model.Class]int{}
	for i := range pods {
		c := pods[i].Class
		g, seen := at[c]
		if !seen {
			g, at[c] = len(kinds), len(kinds)
			kinds = append(kinds, kind{class: c})
		}
		kinds[g].pods = append(kinds[g].pods, i)
	}
	for _, g := range kinds {
		slices.SortFunc(g.pods, func(a, b int) int { return older(&pods[a], &pods[b]) })
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		return cmp.Or(
			cmp.Compare(b.class.Requests.Get(resource.CPU), a.class.Requests.Get(resource.CPU)),
			cmp.Compare(b.class.Requests.Get(resource.Memory), a.class.Requests.Get(resource.Memory)),
			older(&pods[a.pods[0]], &pods[b.pods[0]]))
	})
	out := make([]int, 0, len(pods))
	for _, g := range kinds {
		out = append(out, g.pods...)
	}
	return out
}

func older(a, b *model.Pod) int {
	return cmp.Or(cmp.Compare(a.Created, b.Created), strings.Compare(a.UID, b.UID))
}

// solver is the state of one run.
type solver struct {
	in      Input
	index   *model.Index
	changed []*changed // by node of the snapshot, nil for most
	pools   []*pool
	bins    []*bin
	tallies []*topology.Tally // by group, nil until asked for
	classes map[*model.Class]*class
	barred  map[*model.Class]*class // of barred pods, nil without any
	routes  int                     // routes numbered so far
	placed  []Placement
	done    bitset.Set // pods placed
	obeyed  bitset.Set // groups whose counts a placed pod relies on
	relied  bitset.Set // spreads that placed pods demand
	// met is, for each group, how many bins it has looked at.
	met []int
	// offered are the domains that pools name, by key.
	offered map[constraint.Key]bitset.Set
	// changes counts what makes a node possible or impossible: limits that run
	// out. Reservations do not: a node that has to wait for one is possible.
	changes *int
	// unbound has pods that attract each other start wherever they can.
	unbound bool
	// byVolumes has domains count only where the pods' volumes can be (SCH-086).
	byVolumes bool
	stock     *stock     // nil without reservations
	waiting   bitset.Set // pods that were deferred when last tried
	// hostname is the key of that label; nodes do not carry it.
	hostname constraint.Key
	// anywhere are the alternatives of pods without volumes.
	anywhere [1]constraint.Sets
}

// nobodys is no key: nobody has named the one it stands for.
const nobodys constraint.Key = -1

func newSolver(in Input) *solver {
	s := &solver{
		in: in, classes: map[*model.Class]*class{}, done: bitset.New(len(in.Pods)),
		index: in.Snapshot.Index, changed: make([]*changed, len(in.Snapshot.Nodes)),
		tallies:  make([]*topology.Tally, len(in.Snapshot.Groups)),
		met:      make([]int, len(in.Snapshot.Groups)),
		offered:  map[constraint.Key]bitset.Set{},
		changes:  new(int),
		hostname: nobodys,
	}
	if key, known := in.Snapshot.Vocabulary.FindKey(label.Hostname); known { // looked up: a run adds no name
		s.hostname = key
	}
	if s.index == nil {
		s.index = model.NewIndex(in.Snapshot.Nodes)
	}
	s.stock = newStock(in.Snapshot)
	for i := range in.Snapshot.Pools {
		s.pools = append(s.pools, s.newPool(i))
	}
	return s
}

// placeAll returns the pods that found no place.
func (s *solver) placeAll(pods []int) []int {
	var left []int
	for _, i := range pods {
		if s.place(i) {
			s.done = s.done.Add(i)
		} else {
			left = append(left, i)
		}
	}
	return left
}

func (s *solver) mayFitLater(pods []int) []int {
	return slices.DeleteFunc(slices.Clone(pods), func(i int) bool {
		c := s.classOf(i)
		return !s.waiting.Has(i) && !slices.ContainsFunc(c.attempts, func(a attempt) bool { return len(a.onKeys)+len(a.onHosts) > 0 })
	})
}

func (s *solver) place(pod int) bool {
	c := s.classOf(pod)
	if c.unplaceable() {
		return false
	}
	s.waiting.Remove(pod)
	if s.placeTogether(c, pod) {
		return true
	}
	for i := range c.attempts {
		if s.try(&c.attempts[i], pod) {
			return true
		}
		if s.waiting.Has(pod) {
			return false // with its preferences (SCH-186)
		}
	}
	return false
}

// try looks at existing nodes first, then at bins, then opens one; each for all
// that volumes and topology rules leave.
func (s *solver) try(a *attempt, pod int) bool {
	routes := s.choices(a)
	for _, stage := range []func(*route, int) bool{s.tryNodes, s.tryBins, s.tryPools} {
		for _, r := range routes {
			if stage(r, pod) {
				return true
			}
			if s.waiting.Has(pod) {
				return false
			}
		}
	}
	return false
}
