// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/resource"
)

// placeTogether puts the first of the pods that must share a node where there is
// room for all that need each other, or else for one of each kind (SCH-167). It is
// asked while there is a choice, and leaves it to others if there is no such room.
func (s *solver) placeTogether(c *class, pod int) bool {
	at := slices.IndexFunc(c.ties, func(t tie) bool { return t.hostname })
	if at < 0 {
		return false
	}
	b := c.ties[at].bond
	if b.nowhere || !s.undecided(b) {
		return false
	}
	for _, all := range []bool{true, false} {
		party := s.party(b, all)
		for i := range c.attempts {
			// Who may not be the first waits for that one, and then follows it.
			if a := &c.attempts[i]; a.admitsHost(binName(len(s.bins))) && s.tryTogether(a, pod, party) {
				return true
			}
		}
	}
	b.nowhere = !slices.ContainsFunc(c.demanded(), func(g int32) bool { return !slices.Contains(c.Topology.Counted, g) })
	return false
}

// party is pods that look for one node.
type party struct {
	total   resource.Vector
	members [][]*route // ways to satisfy each class
}

// party is made of all pods that need others of the bond, and one of each class
// that does not; or of one of each class.
func (s *solver) party(b *bond, all bool) party {
	var out party
	for _, c := range b.members {
		out.members = append(out.members, s.finalRoutes(c, s.pins(c), s.alternatives(c)))
		n := 1
		if all && c.demands(b) {
			n = s.left(c)
		}
		for range n {
			out.total = out.total.Add(c.Requests)
		}
	}
	return out
}

// left is how many pods of a class have no place yet.
func (s *solver) left(c *class) (n int) {
	for i := range s.in.Pods {
		if !s.done.Has(i) && s.classOf(i) == c {
			n++
		}
	}
	return n
}

// tryTogether is try for whatever has room for the party.
func (s *solver) tryTogether(a *attempt, pod int, all party) bool {
	routes := s.choices(a)
	for _, stage := range []func(*route) bool{
		func(r *route) bool {
			for i := range s.in.Snapshot.Nodes {
				if s.nodeHolds(i, all) && s.onNode(r, i, pod) {
					return true
				}
			}
			return false
		},
		func(r *route) bool {
			return slices.ContainsFunc(s.bins, func(b *bin) bool {
				return b.pool.holds(b.state, b.used, all) && s.inBin(r, b, pod) == answerTaken
			})
		},
		func(r *route) bool {
			return r.admitsHost(binName(len(s.bins))) && slices.ContainsFunc(s.pools, func(p *pool) bool {
				return p.holds(p.root, nil, all) && s.launch(p, r, pod) == answerTaken
			})
		},
	} {
		if slices.ContainsFunc(routes, stage) {
			return true
		}
	}
	return false
}

func (s *solver) nodeHolds(node int, all party) bool {
	return all.total.FitsIn(s.available(node)) && !slices.ContainsFunc(all.members, func(routes []*route) bool {
		return !slices.ContainsFunc(routes, func(r *route) bool { return s.suits(r, node) })
	})
}

// holds reports whether a bin of a state that holds so much already could take
// the party.
func (p *pool) holds(st *state, used resource.Vector, all party) bool {
	var left bitset.Set
	for _, routes := range all.members {
		i := slices.IndexFunc(routes, func(r *route) bool { return st != nil && r.tolerates(p) && p.join(st, r) != nil })
		if i < 0 {
			return false
		}
		st, left = p.join(st, routes[i]), union(left, routes[i].pools[p.index].taken)
	}
	fit := st.offer.Variants.Clone()
	fit.And(p.allowed)
	fit.AndNot(left)
	return p.KeepFitting(fit, used.Clone().Add(all.total))
}
