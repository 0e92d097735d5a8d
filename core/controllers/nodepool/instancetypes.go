// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// reasonNoInstanceType is the reason of InstanceTypesFound when it is False, and
// of the event that tells so.
const reasonNoInstanceType = events.NoCompatibleInstanceTypes

// Pace of looking again: catalogues change without telling.
const (
	lookAgain       = 10 * time.Minute
	lookAgainMisfit = time.Minute
)

// InstanceTypes tells a pool that no instance type meets, whatever is available
// now, which of its requirements excludes them.
type InstanceTypes struct{ Options }

// NewInstanceTypes returns the controller nodepool.instancetypes.
func NewInstanceTypes(o Options) *InstanceTypes { return &InstanceTypes{o} }

// Register adds the controller to a manager.
func (c *InstanceTypes) Register(_ context.Context, m manager.Manager) error {
	specOnly := func(b *builder.Builder) { b.WithEventFilter(predicate.GenerationChangedPredicate{}) }
	return c.register(m, "nodepool.instancetypes", concurrency.Fixed(1), c.onPools(c), specOnly)
}

// Reconcile examines one pool (API-179). Where the provider does not answer,
// what was found before stands.
func (c *InstanceTypes) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	wanted, err := c.Requirements(pool)
	if err != nil {
		return reconcile.Result{}, nil //nolint:nilerr // validation tells it
	}
	if _, contradiction := wanted.Unsatisfiable(); contradiction {
		return reconcile.Result{}, nil
	}
	types, err := c.Catalogue(ctx, pool)
	if err != nil {
		return reconcile.Result{RequeueAfter: lookAgainMisfit}, nil //nolint:nilerr // whoever launches tells it
	}
	misfit, found := cloudprovider.InstanceTypes(types).Misfit(wanted)
	before, conditions := pool.DeepCopy(), c.conditions(pool)
	again := lookAgain
	if found {
		conditions.SetFalse(v1.ConditionTypeInstanceTypesFound, reasonNoInstanceType, misfit.String())
		again = lookAgainMisfit
	} else if err := conditions.Clear(v1.ConditionTypeInstanceTypesFound); err != nil {
		return reconcile.Result{}, err
	}
	return c.writeFinding(ctx, before, pool, again)
}

// writeFinding stores the condition if it has changed, and tells it if it is
// there. No other condition is touched.
func (c *InstanceTypes) writeFinding(ctx context.Context, before, pool *v1.NodePool, again time.Duration) (reconcile.Result, error) {
	old, now := conditionOf(before, v1.ConditionTypeInstanceTypesFound), conditionOf(pool, v1.ConditionTypeInstanceTypesFound)
	if old == nil && now == nil {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	keepOthers(before, pool, v1.ConditionTypeInstanceTypesFound)
	sent, err := patch.Status(ctx, c.Client, before, pool)
	if sent && err == nil && now != nil && (old == nil || old.Message != now.Message) {
		c.Recorder.Publish(events.Event{
			Object: pool, Type: events.Warning, Reason: reasonNoInstanceType, Message: now.Message,
			DedupeValues: []string{string(pool.UID), now.Message},
		})
	}
	result, err := patch.Outcome(err)
	if result.RequeueAfter == 0 {
		result.RequeueAfter = again
	}
	return result, err
}

// Catalogue reads the instance types that the provider has for a pool.
type Catalogue func(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error)

// Requirements are what every node of a pool satisfies.
type Requirements func(*v1.NodePool) (requirement.Requirements, error)
