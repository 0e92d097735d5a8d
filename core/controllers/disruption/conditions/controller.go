// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.disruption"

// retry is when a rule that could not tell is asked again while another one waits.
const retry = 30 * time.Second

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache.
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.Clock
	// Provider knows what is for sale, and why a machine is not what its NodeClass
	// asks for.
	Provider DriftProvider
	// Vocabulary are the labels and values that core and provider know.
	Vocabulary *vocabulary.Vocabulary
	// NodeClassObjects returns a fresh empty object of each supported kind, whose
	// changes are watched.
	NodeClassObjects func() []status.Object
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is nodeclaim.disruption.
type Controller struct {
	Options
	rules []rule
	found *found
}

// DriftProvider is what drift asks of a cloud provider.
type DriftProvider interface {
	GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error)
	IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error)
}

// rule keeps one condition of a NodeClaim, which it may change in memory. An error
// leaves the other rules' changes in force.
type rule func(ctx context.Context, nodeClaim *v1.NodeClaim, pool *v1.NodePool) (verdict, error)

// verdict is what a rule leaves to do.
type verdict struct {
	// again is after what time the rule must be asked again; zero means only when
	// something changes.
	again time.Duration
	// record is logged once the change is stored; empty for nothing.
	record string
}

// New returns the controller.
func New(o Options) *Controller {
	c := &Controller{Options: o, found: &found{}}
	c.rules = []rule{
		c.consolidatable,
		c.drifted,
	}
	return c
}

// Reconcile brings the conditions of a NodeClaim up to date (DIS-001).
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	stored := &v1.NodeClaim{}
	if err := c.Client.Get(ctx, req.NamespacedName, stored); err != nil {
		return patch.Outcome(fmt.Errorf("reading nodeclaim %s: %w", req.Name, err))
	}
	if !stored.DeletionTimestamp.IsZero() || !c.NodeClasses.Manages(stored.Spec.NodeClassRef) {
		return reconcile.Result{}, nil
	}
	pool, err := c.poolOf(ctx, stored)
	if err != nil || pool == nil {
		return reconcile.Result{}, err
	}
	return c.apply(ctx, stored, pool)
}

// poolOf returns the pool of a NodeClaim, or nil if it has none.
func (c *Controller) poolOf(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodePool, error) {
	name := nodeClaim.Labels[v1.NodePoolLabelKey]
	if name == "" {
		return nil, nil
	}
	pool := &v1.NodePool{}
	if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, pool); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading nodepool %s: %w", name, err)
	}
	return pool, nil
}

// apply asks all rules and stores what they changed (DIS-002).
func (c *Controller) apply(ctx context.Context, stored *v1.NodeClaim, pool *v1.NodePool) (reconcile.Result, error) {
	nodeClaim := stored.DeepCopy()
	var result reconcile.Result
	var errs []error
	var records []string
	for _, r := range c.rules {
		v, err := r(ctx, nodeClaim, pool)
		errs, records = append(errs, err), append(records, v.record)
		if v.again > 0 && (result.RequeueAfter == 0 || v.again < result.RequeueAfter) {
			result.RequeueAfter = v.again
		}
	}
	if _, err := patch.Status(ctx, c.Client, stored, nodeClaim); err != nil {
		result, err = patch.Outcome(err)
		return result, errors.Join(append(errs, err)...)
	}
	for _, record := range records {
		if record != "" {
			log.FromContext(ctx).V(1).Info(record)
		}
	}
	err := errors.Join(errs...)
	if err != nil && result.RequeueAfter > 0 { // what cannot be told must not delay what can
		log.FromContext(ctx).Error(err, "keeping conditions")
		result.RequeueAfter = min(result.RequeueAfter, retry)
		return result, nil
	}
	return result, err
}
