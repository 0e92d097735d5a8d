// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// PodTrigger is what the manager calls for a pod.
func (p *Provisioner) PodTrigger(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	return p.podTrigger(ctx, r)
}

// NodeTrigger is what the manager calls for a node.
func (p *Provisioner) NodeTrigger(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	return p.nodeTrigger(ctx, r)
}

// AfterFailures is how long the next round waits after so many that failed.
func AfterFailures(n int) (wait time.Duration) {
	limiter := pace().RateLimiter
	for range n {
		wait = limiter.When(reconcile.Request{})
	}
	return wait
}
