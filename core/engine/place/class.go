// SPDX-License-Identifier: Apache-2.0

package place

import "karpenter.sh/core/engine/model"

// class is a pod class with what this run has learnt about it.
type class struct {
	*model.Class
	attempts []attempt
}

// attempt is one way to place a class's pods, and how far they looked: every
// node before node and every bin before bin has refused for good.
type attempt struct {
	*model.Attempt
	class *class
	id    int
	node  int
	bin   int
	pools []verdict
}

// verdict is what an attempt knows about a pool.
type verdict struct {
	known     bool
	tolerated bool
	closed    bool // no new bin can be opened for the attempt
}

func (s *solver) class(c *model.Class) *class {
	if known, ok := s.classes[c]; ok {
		return known
	}
	fresh := &class{Class: c, attempts: make([]attempt, len(c.Attempts))}
	for i := range c.Attempts {
		fresh.attempts[i] = attempt{
			Attempt: &c.Attempts[i], class: fresh, id: s.attempts,
			pools: make([]verdict, len(s.pools)),
		}
		s.attempts++
	}
	s.classes[c] = fresh
	return fresh
}

// tolerates reports whether the attempt's pods may run on the pool's nodes.
func (a *attempt) tolerates(p *pool) bool {
	v := &a.pools[p.index]
	if !v.known {
		_, repelled := a.class.Tolerations.Untolerated(p.Taints, a.SoftTaints)
		v.known, v.tolerated = true, !repelled
	}
	return v.tolerated
}
