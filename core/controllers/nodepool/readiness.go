// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"

	"github.com/awslabs/operatorpkg/status"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
)

// Readiness tells whether the NodeClass of a pool can be used.
type Readiness struct{ Options }

// NewReadiness returns the controller nodepool.readiness.
func NewReadiness(o Options) *Readiness { return &Readiness{o} }

// Register adds the controller to a manager.
func (c *Readiness) Register(_ context.Context, m manager.Manager) error {
	return c.register(m, "nodepool.readiness", scaled(), c.onPools(c), c.withNodeClasses)
}

// Reconcile examines one pool.
func (c *Readiness) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	nodeClass, found, err := c.nodeClass(ctx, pool)
	if err != nil {
		return reconcile.Result{}, err
	}
	before := pool.DeepCopy()
	if why, ok := readiness(nodeClass, found); ok {
		c.conditions(pool).SetTrue(v1.ConditionTypeNodeClassReady)
	} else {
		c.conditions(pool).SetFalse(v1.ConditionTypeNodeClassReady, why.reason, why.message)
	}
	return c.writeStatus(ctx, before, pool)
}

// cause is the reason and the message of a condition.
type cause struct{ reason, message string }

// readiness judges the NodeClass of a pool (LIF-220). The first matching row
// decides.
func readiness(nodeClass status.Object, found bool) (why cause, ok bool) {
	if !found {
		return cause{"NodeClassNotFound", "NodeClass not found on cluster"}, false
	}
	if !nodeClass.GetDeletionTimestamp().IsZero() {
		return cause{"NodeClassTerminating", "NodeClass is Terminating"}, false
	}
	// Read as stored: the condition set would add what is missing.
	ready := conditionOf(nodeClass, status.ConditionReady)
	switch {
	case ready.IsUnknown():
		return cause{"NodeClassReadinessUnknown", "Node Class Readiness Unknown"}, false
	case ready.IsFalse():
		return cause{ready.Reason, ready.Message}, false
	}
	return cause{}, true
}
