// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// release rolls a candidate back. An error is logged only: what is left on the
// objects is found by the next pass of the loop, as soon as the queue does not
// hold the node any more (DIS-023, DIS-129).
func (q *Queue) release(ctx context.Context, c Candidate) {
	if err := q.Cordon.Lift(ctx, c.Target); err != nil {
		log.FromContext(ctx).Error(err, "rolling a disruption back", c.Target.Refs()...)
	}
	q.Marks.UnmarkForDeletion(c.Target.ID)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.held, c.Target.ID)
}

// fail rolls back what is open of a command and forgets it.
func (q *Queue) fail(ctx context.Context, e *entry, cause error) {
	log.FromContext(ctx).Error(cause, "command failed", e.Fields...)
	var group errgroup.Group
	group.SetLimit(width)
	for _, c := range e.open {
		group.Go(func() error {
			q.release(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // nothing returns an error
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
