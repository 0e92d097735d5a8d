// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/awslabs/operatorpkg/object"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/reconcile/concurrency"
)

// workers of each kind (OPS-052).
const workers = 10

// Options are what the [Controller] of one kind is made of.
type Options[T client.Object] struct {
	// Scheme knows the kind.
	Scheme *runtime.Scheme
	// Client reads from the cache.
	Client     client.Reader
	Recorder   record.EventRecorder
	Registerer prometheus.Registerer
	Clock      clock.PassiveClock
	// Reader finds the conditions of an object.
	Reader Reader[T]
	// Labels are keys of object labels that the metrics carry too (OPS-151).
	Labels []string
	// NodeClass says that the kind is a provider's.
	NodeClass bool
	// Twins emits the series without the kind in their name, too (OPS-154).
	Twins bool
}

// Controller observes the objects of one kind.
type Controller[T client.Object] struct {
	Options[T]
	kind   string // lower-case
	series []*series

	mu   sync.Mutex
	seen map[types.NamespacedName]*observation
}

// New returns the controller of a kind and registers its metrics.
func New[T client.Object](o Options[T]) (*Controller[T], error) {
	gvk, err := apiutil.GVKForObject(object.New[T](), o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("looking up the kind %T: %w", object.New[T](), err)
	}
	c := &Controller[T]{Options: o, kind: strings.ToLower(gvk.Kind), seen: map[types.NamespacedName]*observation{}}
	c.series = []*series{newSeries(families.Kind{Name: c.kind, Labels: o.Labels, NodeClass: o.NodeClass}.Conditions())}
	if o.Twins {
		c.series = append(c.series, newSeries(families.Twins(), gvk.Group, gvk.Kind))
	}
	for _, s := range c.series {
		if err := o.Registerer.Register(&collector{series: s, seen: c.all, clock: o.Clock}); err != nil {
			return nil, fmt.Errorf("registering the metrics of the conditions of kind %s: %w", gvk.Kind, err)
		}
	}
	return c, nil
}

// Register adds the controller to a manager.
func (c *Controller[T]) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named("operatorpkg."+c.kind+".status"). // OPS-053
		For(object.New[T](), builder.WithPredicates(changes(c.observe))).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(workers), 0)).
		Complete(c)
}

// Reconcile compares an object with what was last seen of it.
func (c *Controller[T]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	o := object.New[T]()
	switch err := c.Client.Get(ctx, req.NamespacedName, o); {
	case apierrors.IsNotFound(err):
		c.gone(c.swap(req.NamespacedName, nil))
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("reading %s %s: %w", c.kind, req.NamespacedName, err)
	}
	c.Reader.complete(o)
	now := c.observe(o)
	before := c.swap(req.NamespacedName, now)
	if before != nil && before.uid != now.uid { // its successor has its name
		c.gone(before)
		before = nil
	}
	c.compare(o, before, now)
	return reconcile.Result{}, nil
}

// swap replaces an observation and returns the one before; nil is none.
func (c *Controller[T]) swap(key types.NamespacedName, now *observation) (before *observation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before = c.seen[key]
	if now == nil {
		delete(c.seen, key)
	} else {
		c.seen[key] = now
	}
	return before
}

func (c *Controller[T]) all() []*observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.seen))
}
