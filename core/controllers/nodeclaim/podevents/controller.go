// SPDX-License-Identifier: Apache-2.0

package podevents

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.podevents"

const (
	// quiet is how long after a noted event others are not written. It must stay
	// below the delay of disruption's validation (LIF-206).
	quiet = 10 * time.Second
	// readBack is how long a write may take to show in the cache before it is
	// looked for again.
	readBack = time.Second
)

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.PassiveClock
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is nodeclaim.podevents.
type Controller struct {
	Options
	unsettled unsettled
	ended     ended
}

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{Options: o}
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		Watches(&corev1.Pod{}, c.watch()).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Scaled(20, 1000), c.CPUMillis)).
		Complete(c)
}

// Unsettled returns the time of the last pod event on a node that its NodeClaim
// in the cache does not show yet, and false when there is none (LIF-208).
func (c *Controller) Unsettled(nodeName string) (time.Time, bool) {
	e, ok := c.unsettled.get(nodeName)
	return e.at, ok
}

// Reconcile writes the last event of the node of a name to its NodeClaim.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	event, ok := c.unsettled.get(req.Name)
	if !ok {
		return reconcile.Result{}, nil
	}
	nodeClaim, ok, err := c.nodeClaim(ctx, req.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !ok {
		c.unsettled.settle(req.Name, event.at)
		return reconcile.Result{}, nil
	}
	shown := nodeClaim.Status.LastPodEventTime.Time
	if event.at.Sub(later(shown, event.wrote)) >= quiet {
		return c.write(ctx, req.Name, nodeClaim, event.at)
	}
	if shown.Before(event.wrote.Truncate(time.Second)) { // the API keeps whole seconds
		return reconcile.Result{RequeueAfter: readBack}, nil
	}
	c.unsettled.settle(req.Name, event.at)
	return reconcile.Result{}, nil
}

func (c *Controller) write(ctx context.Context, nodeName string, nodeClaim *v1.NodeClaim, at time.Time) (reconcile.Result, error) {
	before := nodeClaim.DeepCopy()
	nodeClaim = nodeClaim.DeepCopy()
	nodeClaim.Status.LastPodEventTime = metav1.NewTime(at)
	if _, err := patch.Status(ctx, c.Client, before, nodeClaim); err != nil {
		return patch.Outcome(fmt.Errorf("noting a pod event on nodeclaim %s: %w", nodeClaim.Name, err))
	}
	c.unsettled.written(nodeName, at)
	return reconcile.Result{RequeueAfter: readBack}, nil
}

// nodeClaim returns the only NodeClaim of a node, shared with the cache, and false
// when no event is to be noted for the node. A NodeClaim that is being deleted
// needs none: nothing is consolidated on it any more.
func (c *Controller) nodeClaim(ctx context.Context, nodeName string) (*v1.NodeClaim, bool, error) {
	node := &corev1.Node{}
	if err := c.Client.Get(ctx, client.ObjectKey{Name: nodeName}, node); err != nil {
		if errors.IsNotFound(err) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("reading node %s: %w", nodeName, err)
	}
	nodeClaims, err := index.NodeClaims(ctx, c.Client, node.Spec.ProviderID)
	if err != nil || len(nodeClaims) != 1 {
		return nil, false, err
	}
	nodeClaim := &nodeClaims[0]
	noted := c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) && nodeClaim.DeletionTimestamp.IsZero()
	return nodeClaim, noted, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
