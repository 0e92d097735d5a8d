// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

// validationWorkers is the same on every machine (OPS-052).
const validationWorkers = 10

// Validation assesses pools when they change: the checks that the API server
// cannot make, their NodeClass, and what of them has no effect.
type Validation struct{ Options }

// NewValidation returns the controller nodepool.validation.
func NewValidation(o Options) *Validation { return &Validation{o} }

// Register adds the controller to a manager.
func (c *Validation) Register(_ context.Context, m manager.Manager) error {
	return c.register(m, "nodepool.validation", concurrency.Fixed(validationWorkers), c.onPools(c))
}

// Reconcile assesses one pool (LIF-220, LIF-225).
func (c *Validation) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	return c.assess(ctx, pool)
}
