// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"time"

	"karpenter.sh/core/cluster"
)

// loop is the state of the loop of disruption.
type loop struct {
	planned bool
	// thinking is set while the policy decides, for as long as it says that it
	// takes.
	thinking bool
	// last is when the last pass was, seen the version of the world that it saw.
	last time.Duration
	seen uint64
	// proposed is how many commands wait to be validated.
	proposed int
	// held are the nodes of commands that wait or are under way, by ID.
	held                       map[string]bool
	started, abandoned, passes int
}

// wakeLoop plans a pass if anything has happened since the last.
func (r *replay) wakeLoop() {
	if r.version != r.loop.seen {
		r.planPass(r.loop.last + r.Times.Poll - r.now)
	}
}

func (r *replay) planPass(wait time.Duration) {
	l := &r.loop
	if l.planned || l.thinking || l.proposed > 0 && r.Policy.Serial() {
		return
	}
	l.planned = true
	r.after(wait, func() {
		l.planned = false
		r.pass()
	})
}

// pass asks the policy once.
func (r *replay) pass() {
	l := &r.loop
	if l.proposed > 0 && r.Policy.Serial() {
		return
	}
	l.seen = r.version
	l.passes++
	v := newView(r, nil)
	commands, err := r.Policy.Decide(v)
	if err != nil {
		r.fail(fmt.Errorf("deciding by policy %s: %w", r.Policy.Name(), err))
		return
	}
	wait, some := v.soonest()
	l.last, l.thinking = r.now+v.took, true
	r.after(v.took, func() {
		l.thinking = false
		for _, c := range commands {
			r.propose(c)
		}
		if seen := l.seen; some {
			r.after(wait-v.took, func() { r.ripen(seen) })
		}
	})
}

// ripen has a pass be made if nothing else has made one, since a node has become
// quiet by time alone.
func (r *replay) ripen(seen uint64) {
	if r.loop.seen == seen {
		r.planPass(r.loop.last + r.Times.Poll - r.now)
	}
}

// propose has a command be validated after its wait. One about a node that has gone
// while the policy was thinking is abandoned.
func (r *replay) propose(c Command) {
	for _, id := range c.Nodes {
		if m := r.byKey[id]; m == nil || m.stage != ready || r.loop.held[id] {
			r.loop.abandoned++
			return
		}
	}
	for _, id := range c.Nodes {
		r.loop.held[id] = true
	}
	if c.Wait == 0 {
		r.startCommand(c)
		return
	}
	r.loop.proposed++
	r.after(c.Wait, func() { r.validate(c) })
}

func (r *replay) validate(c Command) {
	r.loop.proposed--
	left, err := r.Policy.Validate(newView(r, c.Nodes), c)
	if err != nil {
		r.fail(fmt.Errorf("validating a command of policy %s: %w", r.Policy.Name(), err))
		return
	}
	kept := map[string]bool{}
	for _, id := range left.Nodes {
		kept[id] = r.byKey[id] != nil && r.byKey[id].stage == ready
	}
	for _, id := range c.Nodes {
		if !kept[id] {
			delete(r.loop.held, id)
		}
	}
	if len(left.Nodes) == 0 {
		r.loop.abandoned++
		r.touch()
		r.planPass(r.Times.Poll)
		return
	}
	r.startCommand(left)
	r.planPass(0)
}

// startCommand takes the machines out of service and evicts their pods once what
// replaces them is ready.
func (r *replay) startCommand(c Command) {
	r.loop.started++
	open, machines := len(c.Replacements), []*machine(nil)
	for _, id := range c.Nodes {
		if m := r.byKey[id]; m != nil {
			machines = append(machines, m)
			r.giveUp(m)
		}
	}
	drain := func() {
		for _, m := range machines {
			delete(r.loop.held, m.key)
			r.drain(m, byPolicy)
		}
	}
	for _, claim := range c.Replacements {
		m := r.order(cluster.CreatedNodeClaim{NodeClaim: claim})
		m.whenReady = append(m.whenReady, func() {
			if open--; open == 0 {
				drain()
			}
		})
	}
	if open == 0 {
		drain()
	}
}
