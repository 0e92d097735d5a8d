// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// look is what the pods of a candidate say at the last moment.
type look struct {
	pods    []corev1.Pod
	refusal disrupt.Refusal
	refused bool
	// err means that the pods could not be read.
	err error
}

// look reads the pods of a candidate from the API server, asks the method about
// them, and tells why the node stays if it does (DIS-126).
func (q *Queue) look(ctx context.Context, e *entry, c Candidate, budgets pods.Budgets) look {
	list, err := index.Pods(ctx, q.Live, c.Target.Node)
	if err != nil {
		q.refused(c, disrupt.Refusal{Node: c.Target.ID, Cause: disrupt.PodsUnread}) // DIS-040
		return look{err: err}
	}
	now := q.Clock.Now()
	node := disrupt.Node{ID: c.Target.ID, Name: c.Target.Node, Pods: survey.Pods(list, budgets, now)}
	_, node.BoundedDrain = c.Objects.NodeClaim.Spec.TerminationGracePeriod.Value()
	l := look{pods: list}
	if l.refusal, l.refused = e.Confirm(node, now); l.refused {
		log.FromContext(ctx).Info("not disrupting node", append(c.Target.Refs(), "reason", l.refusal.String(), "command-id", e.ID)...)
		q.refused(c, l.refusal)
	}
	return l
}

func (q *Queue) refused(c Candidate, r disrupt.Refusal) {
	q.Recorder.Publish(report.Refused(c.Objects, r)...)
}

// allMayGo is nil if no candidate of a command that goes as a whole has to stay. One
// that has to makes the command hopeless (DIS-126).
func (q *Queue) allMayGo(candidates []Candidate, looks []look) error {
	var errs []error
	for i, l := range looks {
		switch {
		case l.refused:
			errs = append(errs, fmt.Errorf("node %s has to stay: %s: %w", candidates[i].Target.Node, l.refusal, errHopeless))
		case l.err != nil:
			errs = append(errs, l.err)
		}
	}
	return errors.Join(errs...)
}
