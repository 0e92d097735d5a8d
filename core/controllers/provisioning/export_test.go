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

// LongestBackoff is the most time from a round that failed to the next.
func LongestBackoff() time.Duration { return profile().Backoff.Longest }
