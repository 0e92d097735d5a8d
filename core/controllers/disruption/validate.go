// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/reconcile/concurrency"
)

// startWidth is how many commands are started at a time.
const startWidth = 20

// of are the proposals of a method.
func of(m disrupt.Method, list []*proposal) []*proposal {
	var out []*proposal
	for _, p := range list {
		if p.method.Kind() == m.Kind() {
			out = append(out, p)
		}
	}
	return out
}

// validate lets a method decide again about its proposals, together, over the world as
// it is now, and starts what is left of the commands (DIS-074, DIS-103, DIS-160). The
// nodes of other proposals stay held meanwhile, so that no budget is spent twice. On an
// error the proposals are given up: whatever still holds is found again.
func (c *Controller) validate(ctx context.Context, p *pass, m disrupt.Method, ready []*proposal) {
	kind := m.Kind()
	if !p.knows(kind) {
		log.FromContext(ctx).V(1).Info("validating commands later, a nodeclaim is not known well enough", "method", name(kind), "commands", len(ready))
		c.proposals.postpone(ready, c.Clock.Now().Add(unloadedPoll))
		return
	}
	c.proposals.letGo(ready)
	defer func() {
		for _, x := range ready {
			c.metrics.Evaluated(x.command.Kind, c.Clock.Since(x.began))
		}
	}()
	commands := make([]disrupt.Command, len(ready))
	var nodes []string
	for i, x := range ready {
		commands[i] = x.command
		nodes = append(nodes, x.command.Nodes...)
	}
	s, err := c.survey(ctx, kind, func(fresh disrupt.State) []string { return m.Eligible(fresh.Among(nodes)) }, nodes...)
	if err != nil {
		p.fail(fmt.Errorf("validating commands of method %s: %w", name(kind), err))
		return
	}
	c.startAll(ctx, p, m, s, c.standing(ctx, s, commands, m.Validate(s.State, commands)))
}

// standing are the commands of which validation left something. It tells of what
// it dropped.
func (c *Controller) standing(ctx context.Context, s *survey.Survey, decided []disrupt.Command, validated []disrupt.Validated) []disrupt.Command {
	var out []disrupt.Command
	for i, v := range validated {
		for _, r := range v.Dropped {
			c.tellRefusal(s, r)
		}
		kind := decided[i].Kind
		c.metrics.FailedValidation(kind, failed(decided[i], v))
		if len(v.Left.Nodes) > 0 {
			out = append(out, v.Left)
			continue
		}
		c.tellRejected(s, decided[i], v.Dropped)
		log.FromContext(ctx).V(1).Info("abandoning a command of which validation left nothing", "method", name(kind), "dropped", len(v.Dropped))
	}
	return out
}

// failed is how many nodes of a command a validation dropped (DIS-105).
func failed(decided disrupt.Command, v disrupt.Validated) int {
	if decided.Divisible {
		return len(v.Dropped)
	}
	return len(decided.Nodes) - len(v.Left.Nodes)
}

// tellRejected tells that a command of consolidation is off (DIS-105).
func (c *Controller) tellRejected(s *survey.Survey, decided disrupt.Command, why []disrupt.Refusal) {
	if decided.Kind.Reason != disrupt.Underutilized || len(why) == 0 {
		return
	}
	for _, id := range decided.Nodes {
		if n := s.Node(id); n != nil {
			c.Recorder.Publish(report.Rejected(report.Both{Node: n.Node(), NodeClaim: n.NodeClaim()}, id, decided, why[0])...)
		}
	}
}

func (c *Controller) startAll(ctx context.Context, p *pass, m disrupt.Method, s *survey.Survey, commands []disrupt.Command) {
	commands = c.withinLimits(s, commands)
	started := make([]bool, len(commands))
	errs := concurrency.Each(commands, startWidth, func(i int, command disrupt.Command) (err error) {
		started[i], err = c.start(ctx, m, command, s)
		return err
	})
	for i := range commands {
		p.acted = p.acted || started[i]
		p.fail(errs[i])
	}
}
