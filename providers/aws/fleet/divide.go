// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"slices"
)

// Part is requests that share a fleet.
type Part struct {
	// Members are positions in the lists that were divided, ascending.
	Members []int
	// Offers are those of the fleet, in order, without Addresses: each member has them all.
	Offers []Offer
}

// Divide says which requests share a fleet, given the terms that they have in common
// and the offers of each. Every request is in exactly one part.
//
// Fleets are precious: EC2 admits five a second. So lists that are not equal share one
// too, where that costs nobody anything (improves on common practice):
//
//   - Where EC2 launches the cheapest that there is, a part has the offers that all its
//     lists begin with, by whole levels of price. As long as one of them can be had, the
//     outcome is that of a fleet for each request.
//   - Where EC2 looks for deep pools, a part has the offers that all its lists have in
//     common, if that is four fifths of each, its cheapest included; or three or two
//     fifths, if there would be more fleets than EC2 admits at once.
//   - Where EC2 has no order, only equal lists share a fleet.
//
// Whoever gets nothing from a shared fleet is asked for again by its own list.
func Divide(terms Terms, lists [][]Offer) []Part {
	without := make([][]Offer, len(lists))
	for i, list := range lists {
		without[i] = bare(list)
	}
	return divide(terms.strategy(), without)
}

func divide(s strategy, lists [][]Offer) []Part {
	kinds := kindsOf(lists)
	switch s {
	case inOrder:
		return byBeginning(kinds)
	case byDepth:
		return byOverlap(kinds)
	}
	return kinds
}

// kindsOf makes a part of all requests with equal lists.
func kindsOf(given [][]Offer) []Part {
	order, lists := make([]int, len(given)), make([][]Offer, len(given))
	for i := range given {
		order[i], lists[i] = i, sorted(given[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.CompareFunc(lists[a], lists[b], compare) })
	var out []Part
	for _, i := range order {
		if n := len(out); n > 0 && slices.Equal(out[n-1].Offers, lists[i]) {
			out[n-1].Members = append(out[n-1].Members, i)
			continue
		}
		out = append(out, Part{Members: []int{i}, Offers: lists[i]})
	}
	return out
}

// byBeginning joins kinds that begin with the same level of price. They are sorted, so
// those that share one follow one another.
func byBeginning(kinds []Part) []Part {
	var out []Part
	for _, kind := range kinds {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if shared := beginning(last.Offers, kind.Offers); shared > 0 {
				last.Offers = last.Offers[:shared]
				last.join(kind.Members)
				continue
			}
		}
		out = append(out, kind)
	}
	return out
}

func (p *Part) join(members []int) {
	p.Members = slices.Concat(p.Members, members)
	slices.Sort(p.Members)
}

// beginning is how many offers two lists begin with in common, by whole levels of price:
// a level that one of them has more of is not among them.
func beginning(a, b []Offer) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	cut := func(list []Offer) bool { return n > 0 && n < len(list) && list[n].Price == list[n-1].Price }
	for cut(a) || cut(b) {
		n--
	}
	return n
}

// many is how many fleets are asked for at once without a thought: half of what EC2
// admits in a burst.
const many = 25

// Of a list, so many fifths are in the fleet that it shares: as much as possible of it, to
// leave EC2 its choice.
const fifths, most, least = 5, 4, 2

// byOverlap joins kinds that have most offers in common.
func byOverlap(kinds []Part) []Part {
	out := overlapping(kinds, most)
	for kept := most - 1; len(out) > many && kept >= least; kept-- {
		out = overlapping(kinds, kept)
	}
	return out
}

// overlapping puts each kind into the first group that takes it, the longest lists first.
func overlapping(kinds []Part, kept int) []Part {
	kinds = slices.Clone(kinds)
	slices.SortStableFunc(kinds, func(a, b Part) int { return cmp.Compare(len(b.Offers), len(a.Offers)) })
	ids := map[Offer]int{}
	var offers []Offer
	for _, kind := range kinds {
		for _, o := range kind.Offers {
			if _, known := ids[o]; !known {
				ids[o] = len(ids)
				offers = append(offers, o)
			}
		}
	}
	var groups []*overlap
	for _, kind := range kinds {
		g := newOverlap(kind, ids, kept)
		if !slices.ContainsFunc(groups, func(other *overlap) bool { return other.take(g) }) {
			groups = append(groups, g)
		}
	}
	out := make([]Part, len(groups))
	for i, g := range groups {
		slices.Sort(g.members)
		out[i] = Part{Members: g.members, Offers: slices.SortedFunc(g.shared.of(offers), compare)}
	}
	return out
}

// overlap is a group of kinds and what they have in common.
type overlap struct {
	members []int
	shared  bits
	// must are the cheapest offers of all kinds, least how many offers must be shared.
	must  bits
	least int
}

func newOverlap(kind Part, ids map[Offer]int, kept int) *overlap {
	g := &overlap{members: kind.Members, shared: newBits(len(ids)), must: newBits(len(ids))}
	for _, o := range kind.Offers {
		g.shared.set(ids[o])
		if o.Price == kind.Offers[0].Price {
			g.must.set(ids[o])
		}
	}
	g.least = (len(kind.Offers)*kept + fifths - 1) / fifths
	return g
}

// take joins another group to this one, if all kinds of both keep enough.
func (g *overlap) take(other *overlap) bool {
	least := max(g.least, other.least)
	if g.shared.common(other.shared) < least || !g.shared.has(other.must) || !other.shared.has(g.must) {
		return false
	}
	g.members = slices.Concat(g.members, other.members)
	g.shared.intersect(other.shared)
	g.must.add(other.must)
	g.least = least
	return true
}
