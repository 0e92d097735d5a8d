// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"slices"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

// proposal is a command that waits to be validated.
type proposal struct {
	method  disrupt.Method
	command disrupt.Command
	// began is when the evaluation that led to it did.
	began time.Time
	// due is when it is to be validated; zero until its pass has ended, so that
	// all proposals of one pass share one wait (DIS-107).
	due time.Time
}

// proposals are those that wait, oldest first. They are in memory only: when the
// process ends, nothing has happened (DIS-106).
type proposals struct {
	list []*proposal
	held map[string]bool
}

func (ps *proposals) add(p *proposal) {
	if ps.held == nil {
		ps.held = map[string]bool{}
	}
	for _, id := range p.command.Nodes {
		ps.held[id] = true
	}
	ps.list = append(ps.list, p)
}

// hold reports whether a proposal is about the node of an ID.
func (ps *proposals) hold(id string) bool { return ps.held[id] }

// about reports whether a proposal for a reason is about the node of an ID.
func (ps *proposals) about(id string, reason disrupt.Reason) bool {
	return ps.held[id] && slices.ContainsFunc(ps.list, func(p *proposal) bool {
		return p.command.Kind.Reason == reason && slices.Contains(p.command.Nodes, id)
	})
}

// nodes is how many nodes proposals for a reason are about.
func (ps *proposals) nodes(reason disrupt.Reason) int {
	count := 0
	for _, p := range ps.list {
		if p.command.Kind.Reason == reason {
			count += len(p.command.Nodes)
		}
	}
	return count
}

// settle begins the wait of the proposals of a pass that ends now.
func (ps *proposals) settle(now time.Time) {
	for _, p := range ps.list {
		if p.due.IsZero() {
			p.due = now.Add(p.command.Kind.Wait)
		}
	}
}

// take removes the proposals that are due. Their nodes stay held until they are
// let go one by one.
func (ps *proposals) take(now time.Time) []*proposal {
	var due []*proposal
	ps.list = slices.DeleteFunc(ps.list, func(p *proposal) bool {
		if now.Before(p.due) {
			return false
		}
		due = append(due, p)
		return true
	})
	return due
}

// postpone has proposals that were taken be due at a later time.
func (ps *proposals) postpone(list []*proposal, due time.Time) {
	for _, p := range list {
		p.due = due
		ps.list = append(ps.list, p)
	}
}

// letGo ends that the nodes of proposals are held.
func (ps *proposals) letGo(list []*proposal) {
	for _, p := range list {
		for _, id := range p.command.Nodes {
			delete(ps.held, id)
		}
	}
}

// next is how long it is until a proposal is due, at most a given time.
func (ps *proposals) next(now time.Time, most time.Duration) time.Duration {
	for _, p := range ps.list {
		most = min(most, p.due.Sub(now))
	}
	return max(most, atOnce)
}
