// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
)

// evaluate lets a method decide and keeps its commands as proposals (DIS-025).
func (c *Controller) evaluate(ctx context.Context, p *pass, m disrupt.Method) {
	kind, began := m.Kind(), c.Clock.Now()
	c.late.ran(ctx, name(kind), began)
	s, err := c.survey(ctx, kind)
	if err != nil {
		p.fail(fmt.Errorf("evaluating method %s: %w", name(kind), err))
		return
	}
	d := m.Decide(s.State)
	c.metrics.Eligible(kind.Reason, d.Eligible+c.proposals.nodes(kind))
	c.metrics.Budgets(kind.Reason, s.State.Pools)
	c.tell(s, d)
	if d.Eligible > 0 {
		c.tellShutBudgets(s, kind.Reason)
	}
	if len(d.Commands) == 0 {
		c.metrics.Evaluated(kind, c.Clock.Since(began))
	}
	for _, command := range d.Commands {
		c.proposals.add(&proposal{method: m, command: command, began: began})
	}
}

// survey takes a survey for a method in which the nodes of all commands are held,
// and logs which budgets are invalid when it is news (DIS-026, OPS-286).
func (c *Controller) survey(ctx context.Context, kind disrupt.Kind) (*survey.Survey, error) {
	s, err := c.surveyor.Take(ctx, survey.Request{Kind: kind, Held: c.held})
	if err != nil {
		return nil, err
	}
	if s.InvalidBudgets != nil && c.news.Tell("budgets", s.InvalidBudgets.Error(), c.Clock.Now()) {
		log.FromContext(ctx).Error(s.InvalidBudgets, "disrupting nothing of nodepools with invalid budgets")
	}
	return s, nil
}

// tell publishes why nodes stay, and what protects pods for the time being.
func (c *Controller) tell(s *survey.Survey, d disrupt.Decision) {
	for _, r := range d.Refusals {
		c.tellRefusal(s, r)
		if r.Cause.SawPods() {
			c.tellProtections(s, r.Node)
		}
	}
	for _, command := range d.Commands {
		for _, id := range command.Nodes {
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
		if pool.Managed && pool.Budget.Shut() {
			c.Recorder.Publish(report.BudgetShut(s.NodePool(name), reason))
		}
	}
}

// name is a method's in logs.
func name(k disrupt.Kind) string {
	if k.Type == "" {
		return string(k.Reason)
	}
	return string(k.Reason) + "/" + k.Type
}
