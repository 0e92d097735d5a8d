// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// width is how many candidates of one command are worked on at a time.
const width = 100

// carry gives up the open candidates and closes those that are done with. The
// error tells of those that stay open.
func (q *Queue) carry(ctx context.Context, e *entry) error {
	budgets, err := survey.PodBudgets(ctx, q.Client)
	if err != nil {
		return err
	}
	errs := make([]error, len(e.open))
	var group errgroup.Group
	group.SetLimit(width)
	for i, c := range e.open {
		group.Go(func() error {
			errs[i] = q.giveUp(ctx, e, c, budgets)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the list
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
// pods, as the API server has them, do not allow that any more (DIS-126). An
// error means that neither could be done.
func (q *Queue) giveUp(ctx context.Context, e *entry, c Candidate, budgets pods.Budgets) error {
	list, err := index.Pods(ctx, q.Live, c.Target.Node)
	if err != nil {
		q.refused(c, disrupt.Refusal{Node: c.Target.ID, Cause: disrupt.PodsUnread}) // DIS-040
		return err
	}
	now := q.Clock.Now()
	node := disrupt.Node{ID: c.Target.ID, Name: c.Target.Node, Pods: survey.Pods(list, budgets, now)}
	if r, refused := e.Confirm(node, now); refused {
		log.FromContext(ctx).Info("not disrupting node", append(c.Target.Refs(), "reason", r.String(), "command-id", e.ID)...)
		q.refused(c, r)
		q.release(ctx, c)
		return nil
	}
	accepted, err := q.delete(ctx, c)
	if accepted {
		q.disrupted(ctx, e, c, list)
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

func (q *Queue) refused(c Candidate, r disrupt.Refusal) {
	q.Recorder.Publish(report.Refused(c.Objects, r)...)
}
