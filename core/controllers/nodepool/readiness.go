// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"fmt"

	"github.com/awslabs/operatorpkg/status"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

// Readiness assesses pools when their NodeClass changes.
type Readiness struct{ Options }

// NewReadiness returns the controller nodepool.readiness.
func NewReadiness(o Options) *Readiness { return &Readiness{o} }

// Register adds the controller to a manager. It watches no pools: [Validation]
// does.
func (c *Readiness) Register(_ context.Context, m manager.Manager) error {
	b := builder.ControllerManagedBy(m).Named("nodepool.readiness").
		WithOptions(concurrency.Options[reconcile.Request](scaled(), c.CPUMillis))
	c.withNodeClasses(b)
	return b.Complete(c.onPools(c))
}

// Reconcile assesses one pool (LIF-220).
func (c *Readiness) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	return c.assess(ctx, pool)
}

// readiness judges the NodeClass of a pool (LIF-220). The first matching row
// decides.
func readiness(ref v1.NodeClassReference, nodeClass status.Object, found bool) cause {
	named := fmt.Sprintf("%s %q", ref.Kind, ref.Name)
	if !found {
		return cause{"NodeClassNotFound", named + " does not exist"}
	}
	if !nodeClass.GetDeletionTimestamp().IsZero() {
		return cause{"NodeClassTerminating", named + " is being deleted"}
	}
	// Read as stored: the condition set would add what is missing.
	ready := conditionOf(nodeClass, status.ConditionReady)
	switch {
	case ready.IsUnknown():
		return cause{"NodeClassReadinessUnknown", named + " does not say yet whether it is ready"}
	case ready.IsFalse():
		return cause{ready.Reason, ready.Message}
	}
	return cause{}
}
