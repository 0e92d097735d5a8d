// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/reconcile/concurrency"
)

// release rolls a candidate back. An error is logged only: what is left on the
// objects is found by the next pass of the loop, as soon as the queue does not
// hold the node any more (DIS-023, DIS-129).
func (q *Queue) release(ctx context.Context, c Candidate) {
	if err := q.Cordon.Lift(ctx, c.Target); err != nil {
		log.FromContext(ctx).Error(err, "rolling a disruption back", c.Target.Refs()...)
	}
	q.Model.UnmarkForDeletion(c.Target.ID)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.held, c.Target.ID)
}

// fail rolls back what is open of a command and forgets it. Its replacements stay:
// pods may have come to need them, and what nobody needs goes as empty (DIS-129).
func (q *Queue) fail(ctx context.Context, e *entry, cause error) {
	log.FromContext(ctx).Error(cause, "command failed", e.Fields...)
	concurrency.Each(e.open, width, func(_ int, c Candidate) error {
		q.release(ctx, c)
		return nil
	})
	q.setBack(e)
	q.Metrics.QueueFailed(e.Kind, report.DecisionWith(len(e.Replacements)), e.uninitialized())
	q.drop(e)
}

// forget ends a command that has nothing left to do. The nodes that go stay
// marked for deletion.
func (q *Queue) forget(ctx context.Context, e *entry) {
	log.FromContext(ctx).V(1).Info("command succeeded", e.Fields...)
	if len(e.Replacements) > 0 || e.Kind.Reason == disrupt.Drifted { // a machine came up
		for pool := range e.pools() {
			q.Setbacks.Succeeded(pool, e.Kind.Reason)
		}
	}
	q.drop(e)
}

// setBack has the pools of a command that wanted machines be left alone for a while
// (DIS-113, DIS-173).
func (q *Queue) setBack(e *entry) {
	if len(e.Replacements) == 0 && e.Kind.Reason != disrupt.Drifted {
		return
	}
	for pool := range e.pools() {
		if wait := q.Setbacks.Failed(pool, e.Kind.Reason, q.Clock.Now()); wait > 0 {
			q.Metrics.SetBack(pool, e.Kind.Reason)
		}
	}
}

// pools are those of the candidates.
func (e *entry) pools() map[string]bool {
	out := map[string]bool{}
	for _, c := range e.Candidates {
		out[c.Pool] = true
	}
	return out
}

func (q *Queue) drop(e *entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.commands, e.ID)
	for _, r := range e.Replacements {
		delete(q.awaited, r.UID)
	}
	for _, c := range e.Candidates {
		if q.held[c.Target.ID] == e.ID {
			delete(q.held, c.Target.ID)
		}
	}
}
