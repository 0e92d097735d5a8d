// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
)

// evaluate lets a method decide and keeps its commands as proposals (DIS-025). A
// method without a wait has its commands started at once.
func (c *Controller) evaluate(ctx context.Context, p *pass, m disrupt.Method) {
	kind, began := m.Kind(), c.Clock.Now()
	c.late.ran(ctx, name(kind), began)
	stamp, eligible := c.Cluster.ConsolidationState(), []string(nil)
	s, err := c.survey(ctx, kind, func(s disrupt.State) []string {
		if eligible = m.Eligible(s); c.verdicts.stands(m, stamp, s, eligible) {
			return nil
		}
		return eligible
	})
	if err != nil {
		p.fail(fmt.Errorf("evaluating method %s: %w", name(kind), err))
		return
	}
	c.metrics.Budgets(kind.Reason, s.State.Pools)
	if kind.Reason == disrupt.Drifted {
		for name, pool := range s.State.Pools {
			if pool.Managed {
				c.metrics.Rests(name, c.setbacks.Rests(name, kind.Reason, began))
			}
		}
	}
	if kind.Asks && s.State.Question == nil && len(eligible) > 0 {
		c.metrics.Eligible(kind.Reason, len(eligible)+c.proposals.nodes(kind.Reason))
		return // nothing has changed since nothing was found
	}
	d := m.Decide(s.State)
	c.metrics.Eligible(kind.Reason, d.Eligible+c.proposals.nodes(kind.Reason))
	if kind.Asks {
		c.verdicts.keep(m, stamp, s.State, eligible, d)
	}
	c.tell(s, m, d)
	c.weighed(s, d)
	if d.Eligible > 0 {
		c.tellShutBudgets(s, kind.Reason)
	}
	if len(d.Commands) == 0 {
		c.metrics.Evaluated(kind, c.Clock.Since(began))
		return
	}
	if kind.Wait == 0 {
		c.startAll(ctx, p, m, s, d.Commands)
		c.metrics.Evaluated(kind, c.Clock.Since(began))
		return
	}
	for _, command := range d.Commands {
		c.spare(s, command)
		c.tellCandidates(s, command)
		c.proposals.add(&proposal{method: m, command: command, began: began})
	}
}

// spare keeps where the pods of a proposal are to go from being given up as empty until
// the proposal is validated: what a lost command has launched must not be launched
// again (DIS-135).
func (c *Controller) spare(s *survey.Survey, command disrupt.Command) {
	for _, id := range s.Destinations(command) {
		if !c.proposals.about(id, command.Kind.Reason) {
			c.Cluster.Nominate(id)
		}
	}
}

// tellCandidates tells of the nodes of a command of consolidation (DIS-153), and which
// pools have approved it (EXT-178).
func (c *Controller) tellCandidates(s *survey.Survey, command disrupt.Command) {
	if command.Kind.Reason != disrupt.Underutilized {
		return
	}
	for _, id := range command.Nodes {
		n := s.Node(id)
		both := report.Both{Node: n.Node(), NodeClaim: n.NodeClaim()}
		c.Recorder.Publish(report.Candidate(both, id, command)...)
		if len(command.Nodes) == 1 {
			c.Recorder.Publish(report.ApprovedNode(both, command.Scores)...)
		}
	}
	if len(command.Nodes) > 1 {
		for _, score := range command.Scores {
			c.Recorder.Publish(report.ApprovedPool(s.NodePool(score.Pool), score))
		}
	}
}

// weighed records what commands of consolidation were worth to their pools.
func (c *Controller) weighed(s *survey.Survey, d disrupt.Decision) {
	record := func(approved bool, scores []disrupt.Score, nodes ...string) {
		policies := map[string]v1.ConsolidationPolicy{}
		for _, id := range nodes {
			if pool := s.NodePool(s.Node(id).NodePool()); pool != nil {
				policies[pool.Name] = pool.Spec.Disruption.ConsolidationPolicy
			}
		}
		c.metrics.Weighed(approved, scores, policies)
	}
	for _, command := range d.Commands {
		if command.Kind.Reason == disrupt.Underutilized {
			record(true, command.Scores, command.Nodes...)
		}
	}
	for _, r := range d.Refusals {
		if r.Cause == disrupt.Unbalanced {
			record(false, r.Scores, r.Node)
		}
	}
}

// survey takes a survey for a method in which the nodes of all commands are held,
// and logs which budgets are invalid when it is news (DIS-026, OPS-286). What is said
// to be asked about is all that may be.
func (c *Controller) survey(ctx context.Context, kind disrupt.Kind, ask func(disrupt.State) []string, going ...string) (*survey.Survey, error) {
	now := c.Clock.Now()
	s, err := c.surveyor.Take(ctx, survey.Request{
		Kind: kind, Held: c.held, Ask: ask, Going: going,
		Spare: func(id string) bool { return c.proposals.about(id, disrupt.Empty) },
		Rests: func(pool string) bool { return c.setbacks.Rests(pool, kind.Reason, now) > 0 },
	})
	if err != nil {
		return nil, err
	}
	if s.InvalidBudgets != nil && c.news.Tell("budgets", s.InvalidBudgets.Error(), c.Clock.Now()) {
		log.FromContext(ctx).Error(s.InvalidBudgets, "disrupting nothing of nodepools with invalid budgets")
	}
	return s, nil
}

// tell publishes why nodes stay, and what protects pods for the time being; the
// latter once in a pass.
func (c *Controller) tell(s *survey.Survey, m disrupt.Method, d disrupt.Decision) {
	first := m.Kind() == c.methods[0].Kind()
	for _, r := range d.Refusals {
		c.tellRefusal(s, r)
		if first && r.Cause.SawPods() {
			c.tellProtections(s, r.Node)
		}
	}
	if first {
		for _, id := range d.Nodes() {
			c.tellProtections(s, id)
		}
	}
	c.patience.Forget(c.Clock.Now())
}

func (c *Controller) tellRefusal(s *survey.Survey, r disrupt.Refusal) {
	if r.Cause.Report() == disrupt.Untold || !c.patience.Tell(r, c.Clock.Now()) {
		return
	}
	if n := s.Node(r.Node); n != nil {
		c.Recorder.Publish(report.Refused(report.Both{Node: n.Node(), NodeClaim: n.NodeClaim()}, r)...)
	}
}

func (c *Controller) tellProtections(s *survey.Survey, id string) {
	for _, pod := range s.Node(id).Pods() {
		c.Recorder.Publish(report.Protection(pod.Pod, s.State.Now)...)
	}
}

func (c *Controller) tellShutBudgets(s *survey.Survey, reason disrupt.Reason) {
	for name, pool := range s.State.Pools {
		if pool.Managed && pool.Budget.Shut() && concerns(reason, pool) {
			c.Recorder.Publish(report.BudgetShut(s.NodePool(name), reason))
		}
	}
}

// concerns reports whether nodes of a pool can go for a reason, budgets aside.
func concerns(reason disrupt.Reason, pool disrupt.Pool) bool {
	switch reason {
	case disrupt.Empty:
		return !pool.NeverConsolidates
	case disrupt.Underutilized:
		return !pool.NeverConsolidates && !pool.OnlyWhenEmpty
	}
	return true
}

// name is a method's in logs.
func name(k disrupt.Kind) string {
	if k.Type == "" {
		return string(k.Reason)
	}
	return string(k.Reason) + "/" + k.Type
}
