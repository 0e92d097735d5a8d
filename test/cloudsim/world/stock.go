// SPDX-License-Identifier: Apache-2.0

package world

import "sync"

// Pool is where machines come from: one type in one zone, bought in one way. As a
// pattern, an empty field stands for any.
type Pool struct {
	// Type is the instance type.
	Type string `json:"type,omitempty"`
	// Zone is the zone's name.
	Zone string `json:"zone,omitempty"`
	// Capacity is the way of buying, such as "spot".
	Capacity string `json:"capacity,omitempty"`
}

// Covers reports whether the pattern p stands for the pool.
func (p Pool) Covers(pool Pool) bool {
	return (p.Type == "" || p.Type == pool.Type) && (p.Zone == "" || p.Zone == pool.Zone) &&
		(p.Capacity == "" || p.Capacity == pool.Capacity)
}

// Stock is how many machines each pool still has.
type Stock struct {
	mu    sync.Mutex
	rules []rule
	left  map[Pool]int
}

type rule struct {
	pattern Pool
	count   int
}

// NewStock returns a stock in which every pool has so many machines.
func NewStock(count int) *Stock {
	return &Stock{rules: []rule{{count: count}}, left: map[Pool]int{}}
}

// Set fixes what is left in all pools that the pattern covers, from now on. Later
// calls win over earlier ones.
func (s *Stock) Set(pattern Pool, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.rules[:0:0]
	for _, r := range s.rules {
		if r.pattern == (Pool{}) || !pattern.Covers(r.pattern) {
			kept = append(kept, r) // a rule that is wholly covered would never be read again
		}
	}
	s.rules = append(kept, rule{pattern, count})
	for pool := range s.left {
		if pattern.Covers(pool) {
			delete(s.left, pool)
		}
	}
}

// Left is how many machines the pool still has.
func (s *Stock) Left(pool Pool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(pool)
}

func (s *Stock) count(pool Pool) int {
	if n, ok := s.left[pool]; ok {
		return n
	}
	for i := len(s.rules) - 1; i >= 0; i-- {
		if s.rules[i].pattern.Covers(pool) {
			return s.rules[i].count
		}
	}
	return 0
}

// Take takes one machine; false: there is none.
func (s *Stock) Take(pool Pool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.count(pool)
	if n <= 0 {
		return false
	}
	s.left[pool] = n - 1
	return true
}

// Give returns one machine to its pool.
func (s *Stock) Give(pool Pool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left[pool] = s.count(pool) + 1
}
