// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/report"
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
	q.Metrics.QueueFailed(e.Kind, report.DecisionWith(len(e.Replacements)), e.uninitialized())
	q.drop(e)
}

// forget ends a command that has nothing left to do. The nodes that go stay
// marked for deletion.
func (q *Queue) forget(ctx context.Context, e *entry) {
	log.FromContext(ctx).V(1).Info("command succeeded", e.Fields...)
	q.drop(e)
}

func (q *Queue) drop(e *entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.commands, e.ID)
	for _, c := range e.Candidates {
		if q.held[c.Target.ID] == e.ID {
			delete(q.held, c.Target.ID)
		}
	}
}
