// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"karpenter.sh/core/engine/disrupt"
)

const (
	// lasting is how long a cause that passes by itself keeps a node before it is
	// told (DIS-170).
	lasting = 5 * time.Minute
	// lapse is how long a cause may not be seen and still be the same.
	lapse = time.Minute
)

// Patience knows since when causes that pass by themselves keep nodes, so that
// only those are told that do not pass. The zero Patience is ready for use, by one
// goroutine.
type Patience struct {
	spells map[string]spell // by node
}

// spell is one cause that keeps one node.
type spell struct {
	cause       disrupt.Cause
	began, seen time.Time
}

// Tell notes that a node stays and reports whether that is worth telling now.
func (p *Patience) Tell(r disrupt.Refusal, now time.Time) bool {
	if !r.Cause.Passing() {
		return true
	}
	if p.spells == nil {
		p.spells = map[string]spell{}
	}
	s := p.spells[r.Node]
	if s.cause != r.Cause || now.Sub(s.seen) > lapse {
		s = spell{cause: r.Cause, began: now}
	}
	s.seen = now
	p.spells[r.Node] = s
	return now.Sub(s.began) >= lasting
}

// Forget drops what was not seen of late.
func (p *Patience) Forget(now time.Time) {
	for node, s := range p.spells {
		if now.Sub(s.seen) > lapse {
			delete(p.spells, node)
		}
	}
}
