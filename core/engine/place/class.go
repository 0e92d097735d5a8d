// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// class is a pod class with what this run has learnt about it.
type class struct {
	*model.Class
	attempts []attempt
	barred   bool // from the closed nodes
	opened   map[constraint.Key]*opened
	ties     []tie // to classes that attract this one, or the other way round
}

// unplaceable reports whether no place would do.
func (c *class) unplaceable() bool { return c.NotBuilt != "" || c.ClaimsIgnored || c.VolumeConflict }

// attempt is one way to satisfy a class's pods.
type attempt struct {
	*model.Attempt
	class *class
	// keys are the topology keys under rules, without the hostname.
	keys []constraint.Key
	// apart are those of them that keep pods out of domains.
	apart []constraint.Key
	// rules by what they look at, the repelling groups included.
	onKeys, onHosts []rule
	routes          map[uint64][]*route
	free            []*route // the routes of an attempt without keys, made once
}

// rule is a group that an attempt obeys.
type rule struct {
	*topology.Tally
	group int32
	self  bool // the group counts the class's own pods
	// required rules are demands, others preferences.
	required bool
	// mates are the affinity groups of the same pod, for one of them.
	mates []*topology.Tally
}

// counts reports whether one more pod of the class counts; for affinity, whether
// it may be the first, which it is only if it is for all terms (SCH-160).
func (r *rule) counts() bool {
	return r.self && !slices.ContainsFunc(r.mates, func(t *topology.Tally) bool { return !t.Nowhere() })
}

// route is an attempt narrowed to one choice of domains and one alternative of
// the volumes, and how far it looked: every node before node and every bin before
// bin has refused for good, but for the nodes in again and bins that deferred.
type route struct {
	*attempt
	wanted constraint.Sets
	// impossible: the choice contradicts the attempt or itself.
	impossible bool
	// onHost: wanted restricts the hostname.
	onHost bool

	id    int
	node  int
	again []int
	bin   int
	pools []verdict

	// The first bin that deferred since the route last started there, and the
	// count of units returned then.
	waits    bool
	first    int
	returned int
}

// verdict is what a route knows about a pool.
type verdict struct {
	known     bool
	tolerated bool
	// taken are the variants where daemons or taints are in the pods' way.
	taken  bitset.Set
	closed bool // no new bin can be opened for the route
}

func (s *solver) class(c *model.Class) *class {
	if known, ok := s.classes[c]; ok {
		return known
	}
	fresh := s.newClass(c)
	s.classes[c] = fresh
	return fresh
}

func (s *solver) newClass(c *model.Class) *class {
	fresh := &class{Class: c, attempts: make([]attempt, len(c.Attempts)), opened: map[constraint.Key]*opened{}}
	for i := range c.Attempts {
		fresh.attempts[i] = attempt{Attempt: &c.Attempts[i], class: fresh, routes: map[uint64][]*route{}}
		s.sortRules(&fresh.attempts[i])
	}
	return fresh
}

// final reports whether an attempt is one without preferences: one for each OR-ed
// term.
func (c *class) final(attempt int) bool {
	return c.attempts[attempt].SoftTaints || attempt == len(c.attempts)-1
}

func (s *solver) sortRules(a *attempt) {
	var mates []*topology.Tally
	for _, g := range a.Rules[:a.Required] {
		if s.tally(g).Kind == topology.Affinity {
			mates = append(mates, s.tally(g))
		}
	}
	for i, g := range slices.Concat(a.Rules, a.class.Topology.Repelling) {
		r := rule{Tally: s.tally(g), group: g, self: slices.Contains(a.class.Topology.Counted, g), required: i < a.Required}
		if r.Kind == topology.Affinity && r.required {
			r.mates = mates
		}
		if r.Hostname {
			a.onHosts = append(a.onHosts, r)
			continue
		}
		a.onKeys = append(a.onKeys, r)
		if !slices.Contains(a.keys, r.Key) {
			a.keys = append(a.keys, r.Key)
		}
		if r.Kind == topology.AntiAffinity || r.Kind == topology.Inverse {
			a.apart = append(a.apart, r.Key)
		}
	}
	if len(a.keys) == 0 {
		a.free = s.narrowed(a, []constraint.Sets{nil})
	}
}

// route returns the attempt narrowed by a choice of domains and volumes.
func (s *solver) route(a *attempt, choice constraint.Sets) *route {
	h := choice.Hash()
	wanted := s.in.Snapshot.Vocabulary.Conjunction(a.Wanted, choice)
	for _, r := range a.routes[h] {
		if r.wanted.Equal(wanted) {
			return r
		}
	}
	r := &route{attempt: a, wanted: wanted, id: s.routes, pools: make([]verdict, len(s.pools))}
	r.impossible = slices.ContainsFunc(wanted, unsatisfiable)
	_, r.onHost = wanted.Get(s.hostname)
	s.routes++
	a.routes[h] = append(a.routes[h], r)
	return r
}

// tolerates reports whether the route's pods may run on new nodes of the pool.
func (r *route) tolerates(p *pool) bool {
	v := &r.pools[p.index]
	if !v.known {
		_, repelled := r.class.Tolerations.Untolerated(p.Taints, r.SoftTaints)
		_, waits := r.class.Waits[p.Pool]
		v.known, v.tolerated = true, !repelled && !waits
		v.taken = r.takenIn(p)
	}
	return v.tolerated
}
