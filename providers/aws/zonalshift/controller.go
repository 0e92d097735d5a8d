// SPDX-License-Identifier: Apache-2.0

package zonalshift

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	corev1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Name is the controller's name in logs and metrics (AWS-400).
const Name = "zonalshift"

// interval is how often ARC is asked (AWS-367).
const interval = 30 * time.Second

// Options are what the controller works with. All but Shifts are required.
type Options struct {
	Source Source
	// Shifts are kept up to date; nil means that zonal shift is switched off.
	Shifts *Shifts
	// Client reads from the cache.
	Client client.Reader
	// Words are the provider's keys and aliases.
	Words *vocabulary.Vocabulary
	// Events takes what users should see.
	Events events.Recorder
}

// Controller keeps Shifts up to date and tells NodePools of changes.
type Controller struct {
	Options
	// told are the IDs of the shifted zones that NodePools were told of. Only rounds
	// use it, of which there is one at a time.
	told []string
}

// NewController returns the controller zonalshift.
func NewController(o Options) *Controller { return &Controller{Options: o} }

// Register adds the controller to a manager, if zonal shift is switched on.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	if c.Shifts == nil {
		return nil
	}
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(interval)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round. What ended by its expiry is told also while ARC cannot be
// asked.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	err := c.Source.update(ctx, c.Shifts)
	if err := errors.Join(err, c.tell(ctx)); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: interval}, nil
}

// tell publishes what changed since it was told last (AWS-369).
func (c *Controller) tell(ctx context.Context) error {
	now := c.Shifts.Snapshot().Zones()
	if slices.Equal(now, c.told) {
		return nil
	}
	pools, err := c.pools(ctx)
	if err != nil {
		return err
	}
	c.publish(pools, less(now, c.told), active)
	c.publish(pools, less(c.told, now), cleared)
	c.told = now
	return nil
}

// less returns what is in a and not in b.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(zone string) bool { return slices.Contains(b, zone) })
}

// poolOf is a NodePool with its NodeClass.
type poolOf struct {
	pool  *corev1.NodePool
	class *v1.EC2NodeClass
}

// pools are the managed NodePools whose NodeClass there is.
func (c *Controller) pools(ctx context.Context) ([]poolOf, error) {
	var classes v1.EC2NodeClassList
	if err := c.Client.List(ctx, &classes, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing ec2nodeclasses: %w", err)
	}
	byName := map[string]*v1.EC2NodeClass{}
	for i := range classes.Items {
		byName[classes.Items[i].Name] = &classes.Items[i]
	}
	var pools corev1.NodePoolList
	if err := c.Client.List(ctx, &pools); err != nil {
		return nil, fmt.Errorf("listing nodepools: %w", err)
	}
	var out []poolOf
	for i := range pools.Items {
		pool := &pools.Items[i]
		ref := pool.Spec.Template.Spec.NodeClassRef
		if class := byName[ref.Name]; class != nil && v1.Kind().Names(ref, class.Name) {
			out = append(out, poolOf{pool, class})
		}
	}
	return out, nil
}

func (c *Controller) publish(pools []poolOf, zoneIDs []string, event func(*corev1.NodePool, v1.Subnet) events.Event) {
	for _, p := range pools {
		reqs, ok := requirementsOf(p.pool, c.Words)
		for _, id := range zoneIDs {
			if zone, has := zoneOf(p.class, id); ok && has && allows(reqs, zone) {
				c.Events.Publish(event(p.pool, zone))
			}
		}
	}
}
