// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"slices"

	"karpenter.sh/core/engine/resource"
)

// shapes are pods sorted by what they leave of an empty node of a pool and by
// what they ask for.
type shapes struct {
	pool  *pool
	homes []*state // in the order of their first pod
	of    map[*state][]*shape
	last  map[*route]*shape // where the route's pods go
}

// shape is the pods of one home with equal requests.
type shape struct {
	requests resource.Vector
	pods     []pod
}

func newShapes(p *pool) *shapes {
	return &shapes{pool: p, of: map[*state][]*shape{}, last: map[*route]*shape{}}
}

func (s *shapes) add(p pod) {
	sh := s.last[p.route]
	if sh == nil {
		sh = s.find(s.pool.join(s.pool.root, p.route), p.route.class.Requests)
		s.last[p.route] = sh
	}
	sh.pods = append(sh.pods, p)
}

func (s *shapes) find(home *state, requests resource.Vector) *shape {
	known, seen := s.of[home]
	if !seen {
		s.homes = append(s.homes, home)
	}
	i := slices.IndexFunc(known, func(sh *shape) bool { return sh.requests.Equal(requests) })
	if i >= 0 {
		return known[i]
	}
	sh := &shape{requests: requests}
	s.of[home] = append(known, sh)
	return sh
}

// byRestriction lists the homes, those with the fewest variants first.
func (s *shapes) byRestriction() []*state {
	out := slices.Clone(s.homes)
	slices.SortStableFunc(out, func(a, b *state) int {
		return cmp.Compare(a.offer.Variants.Count(), b.offer.Variants.Count())
	})
	return out
}
