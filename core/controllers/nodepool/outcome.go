// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"fmt"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// recordAttempts bounds how often an outcome is written anew after conflicts.
// Each attempt starts from what the API server has, so that a conflict takes
// another writer in just that moment.
const recordAttempts = 5

// RecordSuccess reports a node that has registered.
func (c *RegistrationHealth) RecordSuccess(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	return c.record(ctx, nodeClaim, registered)
}

// RecordFailure reports a NodeClaim that was given up because it did not launch
// or register in time.
func (c *RegistrationHealth) RecordFailure(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	return c.record(ctx, nodeClaim, notRegistered)
}

// record counts one outcome, exactly once however often the pool has to be
// written (LIF-232).
func (c *RegistrationHealth) record(ctx context.Context, nodeClaim *v1.NodeClaim, o outcome) error {
	pool, counts, err := c.poolOf(ctx, nodeClaim)
	if err != nil || !counts {
		return err
	}
	h := c.historyOf(pool)
	h.mu.Lock()
	defer h.mu.Unlock()
	for attempt := 1; ; attempt++ {
		before := pool.DeepCopy()
		outcomes, err := c.refresh(ctx, pool, h.outcomes)
		if err != nil {
			return err
		}
		outcomes = outcomes.with(o)
		c.conclude(pool, nodeClaim, outcomes)
		err = c.write(ctx, before, pool)
		if !apierrors.IsConflict(err) || attempt == recordAttempts {
			h.outcomes = outcomes
			return client.IgnoreNotFound(err)
		}
		pool = &v1.NodePool{}
		if err := c.Live.Get(ctx, client.ObjectKeyFromObject(before), pool); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
}

// poolOf returns the pool that the outcome of a NodeClaim counts for, and false
// if it counts for none (LIF-231).
func (c *RegistrationHealth) poolOf(ctx context.Context, nodeClaim *v1.NodeClaim) (pool *v1.NodePool, counts bool, err error) {
	name := nodeClaim.Labels[v1.NodePoolLabelKey]
	if name == "" {
		return nil, false, nil
	}
	key := client.ObjectKey{Name: name}
	pool = &v1.NodePool{}
	err = c.Client.Get(ctx, key, pool)
	if err == nil && c.written.Stale(pool) {
		err = c.Live.Get(ctx, key, pool)
	}
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading nodepool %s of nodeclaim %s: %w", name, nodeClaim.Name, err)
	}
	return pool, c.manages(pool) && owns(pool, nodeClaim), nil
}

func owns(pool *v1.NodePool, nodeClaim *v1.NodeClaim) bool {
	return slices.ContainsFunc(nodeClaim.OwnerReferences, func(ref metav1.OwnerReference) bool {
		return ref.Kind == "NodePool" && ref.UID == pool.UID
	})
}

// conclude sets the condition by the outcomes, of which the NodeClaim's is the
// last (LIF-232). A success never makes a pool unhealthy, nor a failure healthy,
// and a condition that is false keeps its first reason.
func (c *RegistrationHealth) conclude(pool *v1.NodePool, nodeClaim *v1.NodeClaim, outcomes window) {
	stored := healthOf(pool)
	switch last := outcomes[len(outcomes)-1]; {
	case last == registered && outcomes.health() == metav1.ConditionTrue:
		c.conditions(pool).SetTrue(v1.ConditionTypeNodeRegistrationHealthy)
	case last == notRegistered && outcomes.health() == metav1.ConditionFalse && !stored.IsFalse():
		why := failure(nodeClaim)
		c.conditions(pool).SetFalse(v1.ConditionTypeNodeRegistrationHealthy, why.reason, why.message)
	}
}

// failure says why a NodeClaim came to nothing: what kept it from launching, or
// that its node never registered.
func failure(nodeClaim *v1.NodeClaim) cause {
	if launched := conditionOf(nodeClaim, v1.ConditionTypeLaunched); launched != nil && !launched.IsTrue() {
		return cause{launched.Reason, launched.Message}
	}
	return cause{"RegistrationFailed", "Failed to register node"}
}

// healthOf is the condition as it is stored; nil if there is none.
func healthOf(pool *v1.NodePool) *status.Condition {
	return conditionOf(pool, v1.ConditionTypeNodeRegistrationHealthy)
}

func conditionOf(object status.Object, conditionType string) *status.Condition {
	for _, c := range object.GetConditions() {
		if c.Type == conditionType {
			return &c
		}
	}
	return nil
}
