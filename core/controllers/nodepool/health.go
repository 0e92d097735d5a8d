// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/reconcile/staleness"
)

// RegistrationHealth tells whether the nodes that a pool launched lately came to
// register. The condition informs only: nothing depends on it (API-087).
//
// As a controller it forgets outcomes that say nothing about the present spec;
// the outcomes themselves are reported to it. It is safe for concurrent use.
type RegistrationHealth struct {
	Options
	written staleness.Tracker

	mu sync.Mutex
	// histories by the name of the pool.
	histories map[string]*history
}

// history is what is remembered of one pool. Its lock is held while an outcome
// or a change of the spec is dealt with, so that they are dealt with in order.
type history struct {
	uid types.UID

	mu       sync.Mutex
	outcomes window
}

// NewRegistrationHealth returns the controller nodepool.registrationhealth.
func NewRegistrationHealth(o Options) *RegistrationHealth {
	return &RegistrationHealth{Options: o, histories: map[string]*history{}}
}

// Register adds the controller to a manager.
func (c *RegistrationHealth) Register(_ context.Context, m manager.Manager) error {
	return c.register(m, "nodepool.registrationhealth", scaled(), c, c.withNodeClasses)
}

// Reconcile examines one pool.
func (c *RegistrationHealth) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	pool := &v1.NodePool{}
	if err := c.Client.Get(ctx, req.NamespacedName, pool); err != nil {
		if apierrors.IsNotFound(err) {
			c.forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading nodepool %s: %w", req.Name, err)
	}
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	h := c.historyOf(pool)
	h.mu.Lock()
	defer h.mu.Unlock()
	before := pool.DeepCopy()
	outcomes, err := c.refresh(ctx, pool, h.outcomes)
	if err != nil {
		return reconcile.Result{}, err
	}
	if err := c.write(ctx, before, pool); err != nil {
		return patch.Outcome(err)
	}
	h.outcomes = outcomes
	return reconcile.Result{}, nil
}

// refresh returns the outcomes that count for a pool as it is now. None do when
// the pool or its NodeClass was changed; the condition stands until outcomes
// speak against it, and is Unknown only where there is none (LIF-234). Without a
// NodeClass there is nothing to compare with.
func (c *RegistrationHealth) refresh(ctx context.Context, pool *v1.NodePool, outcomes window) (window, error) {
	nodeClass, found, err := c.nodeClass(ctx, pool)
	if err != nil || !found {
		return outcomes, err
	}
	stored := healthOf(pool)
	if stored == nil || stored.ObservedGeneration != pool.Generation || pool.Status.NodeClassObservedGeneration != nodeClass.GetGeneration() {
		pool.Status.NodeClassObservedGeneration = nodeClass.GetGeneration()
		if stored == nil {
			c.conditions(pool).SetUnknownWithReason(v1.ConditionTypeNodeRegistrationHealthy, "NoNodeLaunched", "no node launched and registered yet")
		} else {
			c.conditions(pool).Set(*stored) // for the present generation
		}
		return window{}, nil
	}
	if outcomes == nil { // after a restart
		return seed(stored.Status), nil
	}
	return outcomes, nil
}

// write stores the status and remembers the version that it led to.
func (c *RegistrationHealth) write(ctx context.Context, before, after *v1.NodePool) error {
	keepOthers(before, after, v1.ConditionTypeNodeRegistrationHealthy)
	sent, err := patch.Status(ctx, c.Client, before, after)
	if sent {
		c.written.Wrote(after)
	}
	return err
}

// historyOf returns what is remembered of a pool; nothing of an older one of the
// same name.
func (c *RegistrationHealth) historyOf(pool *v1.NodePool) *history {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, known := c.histories[pool.Name]
	if !known || h.uid != pool.UID {
		h = &history{uid: pool.UID}
		c.histories[pool.Name] = h
	}
	return h
}

func (c *RegistrationHealth) forget(key client.ObjectKey) {
	c.written.Forget(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.histories, key.Name)
}
