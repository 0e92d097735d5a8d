// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
)

// await is nil once all replacements have been in service and none is gone since
// (DIS-124). It is hopeless if one is gone or going (DIS-125).
func (q *Queue) await(ctx context.Context, e *entry) error {
	waiting := false
	var errs []error
	for _, r := range e.Replacements {
		if err := q.awaitOne(ctx, e, r); errors.Is(err, errWaiting) {
			waiting = true
		} else {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if waiting {
		return errWaiting
	}
	return nil
}

func (q *Queue) awaitOne(ctx context.Context, e *entry, r *v1.NodeClaim) error {
	stored := &v1.NodeClaim{}
	err := q.Client.Get(ctx, client.ObjectKeyFromObject(r), stored)
	switch {
	case apierrors.IsNotFound(err) && q.Model.HasNodeClaim(r):
		return errWaiting // the cache has not seen it yet
	case err != nil && !apierrors.IsNotFound(err):
		return fmt.Errorf("reading replacement %s: %w", r.Name, err)
	case err != nil, stored.UID != r.UID, !stored.DeletionTimestamp.IsZero():
		return fmt.Errorf("replacement %s is gone: %w", r.Name, errHopeless)
	}
	q.Recorder.Publish(report.Launching(stored, e.Kind.Reason))
	if stored.StatusConditions(status.WithObservedOnly()).IsTrue(v1.ConditionTypeInitialized) {
		e.ready[r.UID] = true
	}
	if !e.ready[r.UID] {
		q.Recorder.Publish(report.WaitingReadiness(stored))
		return errWaiting
	}
	return nil
}

// uninitialized is how many replacements have never been in service.
func (e *entry) uninitialized() int { return len(e.Replacements) - len(e.ready) }
