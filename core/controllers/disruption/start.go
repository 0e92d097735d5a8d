// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/cordon"
	"karpenter.sh/core/controllers/disruption/queue"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/reconcile/concurrency"
)

// start puts a command into effect: its nodes are tainted, its replacements are
// created, then the nodes are marked for deletion and the command is queued
// (DIS-119). It reports whether there is a command; an error means that there is
// none because something failed, of which nothing is left.
func (c *Controller) start(ctx context.Context, m disrupt.Method, decided disrupt.Command, s *survey.Survey) (bool, error) {
	if i := slices.IndexFunc(decided.Nodes, c.queue.Holds); i >= 0 {
		return false, fmt.Errorf("starting a command: node %s is part of another", decided.Nodes[i])
	}
	candidates, err := c.cordonAll(ctx, decided, s)
	if len(candidates) == 0 {
		return false, err
	}
	replacements, err := c.replace(ctx, decided, s)
	if err != nil {
		c.setBack(candidates, decided.Kind.Reason)
		return false, errors.Join(fmt.Errorf("starting a command: %w", err), c.undo(ctx, candidates))
	}
	c.enqueue(ctx, s, s.State.Weigh(only(decided, candidates)), queue.Command{
		ID: queue.ID(uuid.NewString()), Kind: decided.Kind, Started: c.Clock.Now(),
		Candidates: candidates, Replacements: replacements, Divisible: decided.Divisible, Confirm: m.Confirm,
	})
	return true, nil
}

// setBack has the pools of nodes be left alone for a while, since the machines in their
// place could not be created (DIS-113, DIS-173).
func (c *Controller) setBack(candidates []queue.Candidate, reason disrupt.Reason) {
	for _, candidate := range candidates {
		c.failed(candidate.Pool, reason)
	}
}

func (c *Controller) failed(pool string, reason disrupt.Reason) {
	if c.setbacks.Failed(pool, reason, c.Clock.Now()) > 0 {
		c.metrics.SetBack(pool, reason)
	}
}

// only is a command about some of its nodes.
func only(decided disrupt.Command, candidates []queue.Candidate) disrupt.Command {
	decided.Nodes = make([]string, len(candidates))
	for i, candidate := range candidates {
		decided.Nodes[i] = candidate.Target.ID
	}
	return decided
}

// enqueue marks the nodes of a command, keeps disruption away from where their pods
// are to go, and queues it.
func (c *Controller) enqueue(ctx context.Context, s *survey.Survey, decided disrupt.Command, command queue.Command) {
	summary := summarize(command, decided, s)
	command.Fields = summary.fields()
	c.Cluster.MarkForDeletion(decided.Nodes...)
	if decided.Kind.Reason == disrupt.Underutilized {
		c.moves.Record(c.Clock.Now(), s.Moving(decided.Nodes...))
	}
	c.Cluster.Nominate(s.Destinations(decided)...)
	c.queue.Add(command)
	c.metrics.Started(decided, summary.decision, summary.pools)
	log.FromContext(ctx).Info("disrupting node(s)", command.Fields...)
}

// cordonAll taints the nodes of a command and returns those of which that could
// be done; the others are rolled back. Of a command with replacements either all
// are returned or none, for it is planned for all of them (DIS-121). An error means
// that none is returned because something failed.
func (c *Controller) cordonAll(ctx context.Context, decided disrupt.Command, s *survey.Survey) ([]queue.Candidate, error) {
	candidates := make([]queue.Candidate, len(decided.Nodes))
	for i, id := range decided.Nodes {
		candidates[i] = candidateOf(s, id)
	}
	errs := concurrency.Each(candidates, width, func(_ int, candidate queue.Candidate) error {
		return c.cordon.Apply(ctx, candidate.Target, decided.Kind.Reason)
	})
	var kept, dropped []queue.Candidate
	for i, candidate := range candidates {
		if errs[i] == nil {
			kept = append(kept, candidate)
			continue
		}
		dropped = append(dropped, candidate)
		errs[i] = c.tellDropped(ctx, candidate, errs[i])
	}
	if len(dropped) > 0 && len(decided.Replacements) > 0 {
		kept, dropped = nil, candidates
	}
	err := errors.Join(append(errs, c.undo(ctx, dropped))...)
	if len(kept) > 0 {
		return kept, nil // those that dropped out are logged
	}
	return nil, err
}

// tellDropped tells why a node could not be tainted. That it has come to be
// protected is no error.
func (c *Controller) tellDropped(ctx context.Context, candidate queue.Candidate, err error) error {
	if errors.Is(err, cordon.ErrProtected) {
		c.Recorder.Publish(report.Refused(candidate.Objects, disrupt.Refusal{Node: candidate.Target.ID, Cause: disrupt.Protected})...)
		return nil
	}
	log.FromContext(ctx).Error(err, "dropping a node from a command", candidate.Target.Refs()...)
	return fmt.Errorf("starting the disruption of node %s: %w", candidate.Target.Node, err)
}

// undo rolls candidates back that are not marked yet. What fails is left to the
// next pass.
func (c *Controller) undo(ctx context.Context, candidates []queue.Candidate) error {
	return errors.Join(concurrency.Each(candidates, width, func(_ int, candidate queue.Candidate) error {
		return c.cordon.Lift(ctx, candidate.Target)
	})...)
}

func candidateOf(s *survey.Survey, id string) queue.Candidate {
	n := s.Node(id)
	out := queue.Candidate{Target: targetOf(n), Objects: report.Both{Node: n.Node(), NodeClaim: n.NodeClaim()}}
	out.Pool = n.NodePool()
	if pool := s.NodePool(out.Pool); pool != nil {
		out.Policy = pool.Spec.Disruption.ConsolidationPolicy
	}
	return out
}
