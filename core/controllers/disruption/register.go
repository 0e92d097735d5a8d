// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"time"

	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
)

// profile makes one pass at a time. After an error the next is at most a poll
// away, so that one that lasts does not stop disruption for long after it ends.
func profile() concurrency.Profile {
	p := concurrency.Fixed(1)
	p.Backoff.Base, p.Backoff.Longest = 100*time.Millisecond, poll
	return p
}

// Register adds the loop and its queue to a manager.
func (c *Controller) Register(ctx context.Context, m manager.Manager) error {
	err := builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Options[reconcile.Request](profile(), c.CPUMillis)).
		Complete(c)
	if err != nil {
		return err
	}
	return c.queue.Register(ctx, m)
}
