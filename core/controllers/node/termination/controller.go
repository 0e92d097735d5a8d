// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/pace"
	"karpenter.sh/core/reconcile/staleness"
)

// Name is the name of the controller in logs and metrics.
const Name = "node.termination"

// Evictor makes pods leave their node. It does not block.
type Evictor interface {
	// Submit asks for pods to leave a node by a deadline; the zero deadline is
	// none. It is repeated while the pods are there.
	Submit(node *corev1.Node, deadline time.Time, pods ...*corev1.Pod)
	// Abandon forgets the pods of a node that is gone.
	Abandon(nodeName string)
}

// Options are what the controller works with; all but CPUMillis and ClientQPS are
// required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Live reads from the API server: what is read after a conflict, or when the
	// cache is behind.
	Live        client.Reader
	Provider    cloudprovider.CloudProvider
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.Clock
	Recorder    events.Recorder
	Nodes       *metrics.Nodes
	Evictor     Evictor
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
	// ClientQPS is how many requests a second the client may send, which bounds
	// the number of workers; not positive for no bound.
	ClientQPS int
}

// Controller is node.termination.
type Controller struct {
	Options
	steps   []step
	labels  []string // of managed Nodes
	checks  pace.Pace
	deletes pace.Pace
	written staleness.Tracker
	owners  staleness.Tracker
}

// New returns the controller.
func New(o Options) *Controller {
	c := &Controller{Options: o, labels: o.NodeClasses.LabelKeys()}
	c.steps = []step{
		c.deleteOwner,
		c.checkInstance,
		c.readDeadline,
		c.taint,
		c.drain,
		c.awaitVolumes,
		c.terminateInstance,
	}
	return c
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 100, Max: 5000, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: 10 * time.Second, RatePercent: 10,
	}}.Within(c.ClientQPS)
	terminating := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return !o.GetDeletionTimestamp().IsZero() && c.managed(o)
	})
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&corev1.Node{}, builder.WithPredicates(terminating)).
		WithOptions(concurrency.Options[reconcile.Request](profile, c.CPUMillis)).
		Complete(c)
}

// managed reports whether a Node belongs to the provider (LIF-002).
func (c *Controller) managed(node client.Object) bool {
	return slices.ContainsFunc(c.labels, func(key string) bool {
		_, ok := node.GetLabels()[key]
		return ok
	})
}

// Reconcile makes one pass over a Node.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	node := &corev1.Node{}
	if err := c.Client.Get(ctx, req.NamespacedName, node); err != nil {
		if errors.IsNotFound(err) {
			c.forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading node %s: %w", req.Name, err)
	}
	if node.DeletionTimestamp.IsZero() || !slices.Contains(node.Finalizers, v1.TerminationFinalizer) ||
		!c.managed(node) || c.written.Stale(node) {
		return reconcile.Result{}, nil
	}
	return c.advance(ctx, node)
}

// forget drops all that is remembered of a Node that is gone.
func (c *Controller) forget(key types.NamespacedName) {
	c.Evictor.Abandon(key.Name)
	c.checks.Forget(key)
	c.deletes.Forget(key)
	c.written.Forget(key)
}
