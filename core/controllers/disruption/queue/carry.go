// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/concurrency"
)

// width is how many candidates of one command are worked on at a time.
const width = 100

// carry waits for the replacements, then gives up the open candidates and closes
// those that are done with. The error tells of those that stay open.
func (q *Queue) carry(ctx context.Context, e *entry) error {
	if err := q.await(ctx, e); err != nil {
		return err
	}
	budgets, err := gather.PodBudgets(ctx, q.Client)
	if err != nil {
		return err
	}
	looks := make([]look, len(e.open))
	if !e.Divisible {
		concurrency.Each(e.open, width, func(i int, c Candidate) error {
			looks[i] = q.look(ctx, e, c, budgets)
			return nil
		})
		if err := q.allMayGo(e.open, looks); err != nil {
			return err
		}
	}
	errs := concurrency.Each(e.open, width, func(i int, c Candidate) error {
		if e.Divisible {
			looks[i] = q.look(ctx, e, c, budgets)
		}
		return q.giveUp(ctx, e, c, looks[i])
	})
	var open []Candidate
	for i, c := range e.open {
		if errs[i] != nil {
			open = append(open, c)
		}
	}
	e.open = open
	return errors.Join(errs...)
}

// giveUp deletes the NodeClaim of a candidate, or releases the candidate if its
// pods do not allow that any more (DIS-126). An error means that neither could be
// done.
func (q *Queue) giveUp(ctx context.Context, e *entry, c Candidate, l look) error {
	switch {
	case l.err != nil:
		return l.err
	case l.refused:
		q.release(ctx, c)
		return nil
	}
	accepted, err := q.delete(ctx, c)
	if accepted {
		q.disrupted(ctx, e, c, l.pods)
	}
	return err
}

// delete deletes the NodeClaim and reports whether that was this deletion. A
// NodeClaim that is gone or going needs none.
func (q *Queue) delete(ctx context.Context, c Candidate) (accepted bool, err error) {
	stored := &v1.NodeClaim{}
	if err := q.Client.Get(ctx, client.ObjectKeyFromObject(c.Objects.NodeClaim), stored); err != nil {
		return false, client.IgnoreNotFound(fmt.Errorf("reading nodeclaim %s: %w", c.Objects.NodeClaim.Name, err))
	}
	if stored.UID != c.Objects.NodeClaim.UID || !stored.DeletionTimestamp.IsZero() {
		return false, nil
	}
	err = q.Client.Delete(ctx, stored, client.Preconditions{UID: &stored.UID})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // a conflict: the name is another's by now
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("deleting nodeclaim %s: %w", stored.Name, err)
	}
	return true, nil
}

// disrupted counts and tells of a deletion that was accepted (DIS-127).
func (q *Queue) disrupted(ctx context.Context, e *entry, c Candidate, list []corev1.Pod) {
	moving := 0
	for i := range list {
		if pods.Reschedulable(&list[i]) {
			moving++
		}
	}
	q.NodeClaims.Disrupted(metrics.Disruption{
		NodeClaim: c.Objects.NodeClaim, Reason: report.Reason(e.Kind.Reason), ConsolidationPolicy: report.Policy(c.Policy), Pods: moving,
	})
	q.Recorder.Publish(report.Terminating(c.Objects, e.Kind.Reason)...)
	log.FromContext(ctx).Info("deleting nodeclaim", append(c.Target.Refs(), "reason", report.Reason(e.Kind.Reason), "command-id", e.ID)...)
}
