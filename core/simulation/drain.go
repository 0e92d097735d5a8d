// SPDX-License-Identifier: Apache-2.0

package simulation

import "slices"

// giveUp takes a machine out of service: it gets no more pods, and the engine finds
// another place for those that are there.
func (r *replay) giveUp(m *machine) {
	if m.stage == gone || m.stage == leaving {
		return
	}
	m.stage = leaving
	r.live.MarkForDeletion(m.key)
	r.touch()
}

// drain evicts the pods of a machine as their budgets allow, and ends it when they
// are gone.
func (r *replay) drain(m *machine, why cause) {
	if m.stage == gone || m.draining {
		return
	}
	m.draining, m.why = true, why
	if len(m.pods) == 0 {
		r.emptied(m)
		return
	}
	r.evictAll(m)
}

// evictAll evicts what may go, and comes back for the rest.
func (r *replay) evictAll(m *machine) {
	if m.stage == gone {
		return
	}
	left := false
	for _, p := range slices.Clone(m.pods) {
		switch {
		case p.leaving:
		case p.app.lets():
			r.evict(p, m.why)
		default:
			left = true
		}
	}
	if left {
		r.after(r.Times.Retry/2, func() { r.evictAll(m) })
	}
}

// emptied ends a machine that drains and has no pod any more.
func (r *replay) emptied(m *machine) {
	if m.draining && len(m.pods) == 0 && m.stage == leaving {
		r.after(r.Times.Terminate, func() { r.end(m) })
	}
}
