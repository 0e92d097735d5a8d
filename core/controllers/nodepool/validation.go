// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/concurrency"
)

// reasonInvalid is the reason of ValidationSucceeded when it is false.
const reasonInvalid = "NodePoolValidationFailed"

// validationWorkers is the same on every machine (OPS-052).
const validationWorkers = 10

// Validation makes the checks that the API server cannot make.
type Validation struct{ Options }

// NewValidation returns the controller nodepool.validation.
func NewValidation(o Options) *Validation { return &Validation{o} }

// Register adds the controller to a manager.
func (c *Validation) Register(_ context.Context, m manager.Manager) error {
	return c.register(m, "nodepool.validation", concurrency.Fixed(validationWorkers), c.onPools(c))
}

// Reconcile validates one pool (LIF-225).
func (c *Validation) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	before := pool.DeepCopy()
	if message := validation.NodePool(pool, c.Words).Message(); message != "" {
		c.conditions(pool).SetFalse(v1.ConditionTypeValidationSucceeded, reasonInvalid, message)
	} else {
		c.conditions(pool).SetTrue(v1.ConditionTypeValidationSucceeded)
	}
	return c.writeStatus(ctx, before, pool)
}
