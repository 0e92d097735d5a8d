// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
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
// that does not; or of one of each class. Who has a place already is no part of
// it, nor is a class that is only needed and has one.
func (s *solver) party(b *bond, all bool) party {
	var out party
	for _, c := range b.members {
		n := s.missing(c, all && c.demands(b))
		if n == 0 {
			continue
		}
		out.members = append(out.members, s.finalRoutes(c, s.pins(c), s.alternatives(c)))
		for range n {
			out.total = out.total.Add(c.Requests)
		}
	}
	return out
}

// missing is how many pods of a class have no place yet; unless all are asked for,
// one stands for the others.
func (s *solver) missing(c *class, all bool) int {
	left, placed := 0, 0
	for i := range s.in.Pods {
		switch {
		case s.classOf(i) != c:
		case s.done.Has(i):
			placed++
		default:
			left++
		}
	}
	if all {
		return left
	}
	return max(0, 1-placed)
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
				return b.pool.holds(b.name, b.state, b.used, all) && s.inBin(r, b, pod) == answerTaken
			})
		},
		func(r *route) bool {
			name := binName(len(s.bins))
			return r.admitsHost(name) && slices.ContainsFunc(s.pools, func(p *pool) bool {
				return p.holds(name, p.root, nil, all) && s.launch(p, r, pod) == answerTaken
			})
		},
	} {
		if slices.ContainsFunc(routes, stage) {
			return true
		}
	}
	return false
}

// nodeHolds reports whether an existing node could take the party.
func (s *solver) nodeHolds(node int, all party) bool {
	return all.total.FitsIn(s.available(node)) && !slices.ContainsFunc(all.members, func(routes []*route) bool {
		return !slices.ContainsFunc(routes, func(r *route) bool {
			return r.follows(s.in.Snapshot.Nodes[node].Name) && s.suits(r, node)
		})
	})
}

// follows reports whether the pods that the route's must be with are on a node, as
// far as there are any.
func (r *route) follows(name string) bool {
	return !slices.ContainsFunc(r.onHosts, func(x rule) bool {
		return x.Kind == topology.Affinity && !x.Nowhere() && x.OnHost(name) == 0
	})
}

// holds reports whether a bin of a name and a state that holds so much already
// could take the party.
func (p *pool) holds(name string, st *state, used resource.Vector, all party) bool {
	if st == nil {
		return false
	}
	var left bitset.Set
	for _, routes := range all.members {
		i := slices.IndexFunc(routes, func(r *route) bool { return r.follows(name) && r.tolerates(p) && p.join(st, r) != nil })
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
