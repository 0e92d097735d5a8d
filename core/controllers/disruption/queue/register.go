// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

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
	if err := c.Watch(source.TypedFunc[ID](q.start)); err != nil {
		return fmt.Errorf("feeding controller %s: %w", Name, err)
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
