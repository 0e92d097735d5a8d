// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

func profile() concurrency.Profile {
	return concurrency.Profile{Min: 100, Max: 1000, Backoff: concurrency.Backoff{
		Base: time.Second, Longest: 10 * time.Second, Rate: 100, Burst: 1000,
	}}
}

// Register adds the queue to a manager.
func (q *Queue) Register(_ context.Context, m manager.Manager) error {
	options := concurrency.Options[ID](profile(), q.CPUMillis)
	options.Reconciler = q
	options.LogConstructor = func(id *ID) logr.Logger {
		log := m.GetLogger().WithValues("controller", Name)
		if id != nil {
			log = log.WithValues("name", *id)
		}
		return log
	}
	c, err := controller.NewTyped(Name, m, options)
	if err != nil {
		return fmt.Errorf("creating controller %s: %w", Name, err)
	}
	for _, s := range []source.TypedSource[ID]{
		source.TypedFunc[ID](q.start),
		source.TypedKind(m.GetCache(), &v1.NodeClaim{}, q.replacementHandler()),
	} {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("watching for controller %s: %w", Name, err)
		}
	}
	return nil
}

// start takes the controller's work queue and fills it with the commands that
// were added so far.
func (q *Queue) start(_ context.Context, work workqueue.TypedRateLimitingInterface[ID]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.work = work
	for id := range q.commands {
		work.Add(id)
	}
	return nil
}

// lag is how much later than the cache the model may hear of a deletion.
const lag = 100 * time.Millisecond

// replacementHandler carries a command on as soon as its replacements serve or go.
// Until the command is rolled back provisioning takes its nodes for leaving, and would
// launch for their pods in place of a replacement that is gone (DIS-147).
func (q *Queue) replacementHandler() handler.TypedEventHandler[*v1.NodeClaim, ID] {
	type workQueue = workqueue.TypedRateLimitingInterface[ID]
	return handler.TypedFuncs[*v1.NodeClaim, ID]{
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*v1.NodeClaim], work workQueue) {
			conditions := e.ObjectNew.StatusConditions(status.WithObservedOnly())
			if e.ObjectNew.DeletionTimestamp.IsZero() && !conditions.IsTrue(v1.ConditionTypeInitialized) {
				return
			}
			if id, awaited := q.awaiting(e.ObjectNew.UID); awaited {
				work.Add(id)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*v1.NodeClaim], work workQueue) {
			if id, awaited := q.awaiting(e.Object.UID); awaited {
				work.Add(id)
				work.AddAfter(id, lag)
			}
		},
	}
}

// awaiting is the command that a NodeClaim is a replacement of.
func (q *Queue) awaiting(uid types.UID) (ID, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	id, awaited := q.awaited[uid]
	return id, awaited
}
