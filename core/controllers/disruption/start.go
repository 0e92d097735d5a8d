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
)

// start puts a command into effect: its nodes are tainted, then marked for
// deletion, then it is queued (DIS-119). A node that cannot be tainted drops out
// (DIS-121). It reports whether there is a command; an error means that every
// node dropped out.
func (c *Controller) start(ctx context.Context, m disrupt.Method, decided disrupt.Command, s *survey.Survey) (bool, error) {
	if i := slices.IndexFunc(decided.Nodes, c.queue.Holds); i >= 0 {
		return false, fmt.Errorf("starting a command: node %s is part of another", decided.Nodes[i])
	}
	candidates, err := c.cordonAll(ctx, decided, s)
	if len(candidates) == 0 {
		return false, err
	}
	command := queue.Command{
		ID: queue.ID(uuid.NewString()), Kind: decided.Kind, Started: c.Clock.Now(), Candidates: candidates, Confirm: m.Confirm,
	}
	summary := summarize(command, s)
	command.Fields = summary.fields()
	for _, candidate := range candidates {
		c.Cluster.MarkForDeletion(candidate.Target.ID)
	}
	c.queue.Add(command)
	c.metrics.Started(decided.Kind, report.Delete, summary.pools)
	log.FromContext(ctx).Info("disrupting node(s)", command.Fields...)
	return true, nil
}

// cordonAll taints the nodes of a command and returns those of which that could
// be done; the others are rolled back. An error means that it could be done of
// none.
func (c *Controller) cordonAll(ctx context.Context, decided disrupt.Command, s *survey.Survey) ([]queue.Candidate, error) {
	candidates := make([]queue.Candidate, len(decided.Nodes))
	for i, id := range decided.Nodes {
		candidates[i] = candidateOf(s, id)
	}
	errs := forEach(candidates, func(candidate queue.Candidate) error {
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
	return errors.Join(forEach(candidates, func(candidate queue.Candidate) error {
		return c.cordon.Lift(ctx, candidate.Target)
	})...)
}

func candidateOf(s *survey.Survey, id string) queue.Candidate {
	n := s.Node(id)
	out := queue.Candidate{Target: targetOf(n), Objects: report.Both{Node: n.Node(), NodeClaim: n.NodeClaim()}}
	if pool := s.NodePool(n.NodePool()); pool != nil {
		out.Policy = pool.Spec.Disruption.ConsolidationPolicy
	}
	return out
}
