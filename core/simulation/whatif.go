// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"maps"
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/question"
)

// WhatIf is what would become of the pods of some nodes if these were gone.
type WhatIf struct {
	// Stuck says that some pod that runs would run nowhere.
	Stuck bool
	// Bins are the machines that would be launched, for these pods or for those
	// that wait anyway (DIS-065).
	Bins []place.Bin
}

// whatIf is what all questions of a view share.
type whatIf struct {
	// closed are the targets that are not quiet yet (DIS-062).
	closed bitset.Set
	// beside are the pods that need a place anyway (DIS-060).
	beside []model.Pod
	// held are the IDs of the machines that commands are about.
	held []string
}

// WithoutNodes asks where the pods of some nodes would go. The nodes must be
// candidates: consolidatable and not held.
func (v *View) WithoutNodes(ids ...string) (WhatIf, error) {
	if err := v.prepare(); err != nil {
		return WhatIf{}, err
	}
	var targets []int
	for _, id := range ids {
		target, ok := v.question.Cluster.Targets().Index(id)
		if !ok {
			return WhatIf{Stuck: true}, nil
		}
		targets = append(targets, target)
	}
	in := v.question.Without(targets...)
	moved := len(in.Pods)
	for i := range moved {
		in.Moved = in.Moved.Add(i)
	}
	in.Barred, in.Closed = in.Moved, v.whatIf.closed
	in.Reservations = place.FallbackReservations
	in.Pods = append(in.Pods, v.whatIf.beside...)
	plan := place.Solve(in)
	out := WhatIf{Bins: plan.Bins}
	for _, u := range plan.Unplaced {
		out.Stuck = out.Stuck || u.Pod < moved
	}
	return out, nil
}

// Ask gives a state what the engine's methods ask. Pods that wait or leave have their
// places then, but not on the nodes of the command that is validated.
func (v *View) Ask(s *disrupt.State) error {
	if err := v.prepare(); err != nil {
		return err
	}
	settled, receives := v.question.Settle(question.Settling{
		Gone: v.whatIf.held, Shut: slices.Collect(maps.Keys(v.own)),
	})
	s.Nodes = slices.Clone(s.Nodes)
	for i := range s.Nodes {
		s.Nodes[i].Receives = receives[s.Nodes[i].ID]
	}
	s.Question = asking{settled, v.whatIf.closed}
	return nil
}

// asking is a question about a view.
type asking struct {
	*question.Question
	closed bitset.Set
}

// Without asks about machines by ID.
func (a asking) Without(ids ...string) (place.Input, bool) {
	targets := make([]int, len(ids))
	for i, id := range ids {
		target, ok := a.Cluster.Targets().Index(id)
		if !ok {
			return place.Input{}, false
		}
		targets[i] = target
	}
	in := a.Question.Without(targets...)
	in.Barred, in.Closed, in.Reservations = in.Moved, a.closed, place.FallbackReservations
	return in, true
}

// After is the question once a plan is carried out.
func (a asking) After(asked place.Input, plan place.Plan) disrupt.Question {
	return asking{a.Question.After(asked, plan), a.closed}
}

// holds reports whether another command is about a machine.
func (v *View) holds(m *machine) bool { return v.r.loop.held[m.key] && !v.own[m.key] }

// prepare gathers once what all questions share.
func (v *View) prepare() error {
	if v.question != nil {
		return nil
	}
	q, err := v.r.ask(func(m *machine) bool {
		return m.stage == ready && (v.holds(m) || v.ripe(m))
	})
	if err != nil {
		return err
	}
	w := &whatIf{closed: v.closed(q)}
	for _, m := range v.r.machines {
		if v.holds(m) {
			w.held = append(w.held, m.key)
		}
	}
	for i := range q.Models {
		if q.Models[i].From == nil {
			w.beside = append(w.beside, q.Models[i])
		}
	}
	v.question, v.whatIf = q, w
	return nil
}

// closed are the targets that are not quiet yet.
func (v *View) closed(q *question.Question) bitset.Set {
	var closed bitset.Set
	if v.after == 0 || v.never {
		return closed
	}
	for i := range q.Cluster.Targets().Nodes {
		n := q.Cluster.Targets().At(i).StateNode
		if n == nil {
			continue
		}
		if m := v.r.byKey[n.Key()]; m != nil && m.stage == ready && !v.ripe(m) {
			closed = closed.Add(i)
		}
	}
	return closed
}
