// SPDX-License-Identifier: Apache-2.0

package unbuilt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
)

// Name of the controller.
const Name = "unbuilt"

// every is the time between two looks.
const every = time.Minute

// Kind is a kind of object that this version does not act on.
type Kind struct {
	schema.GroupVersionKind
	// Message says so.
	Message string
}

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		{v1alpha1.GroupVersion.WithKind("NodeOverlay"), "NodeOverlays are not implemented in this version of Karpenter; this one has no effect"},
		{v1beta1.GroupVersion.WithKind("CapacityBuffer"), "CapacityBuffers are not implemented in this version of Karpenter; this one keeps no capacity"},
	}
}

// Options are what the controller works with.
type Options struct {
	// Reader reads past the cache, which shall not hold these kinds.
	Reader   client.Reader
	Recorder events.Recorder
	Kinds    []Kind
}

// Controller publishes one event for each object of the kinds.
type Controller struct {
	Options
	told map[types.UID]bool
}

// New returns the controller.
func New(o Options) *Controller { return &Controller{Options: o, told: map[types.UID]bool{}} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).Named(Name).
		WatchesRawSource(singleton.Source()).WithOptions(concurrency.Loop(every)).Complete(singleton.AsReconciler(c))
}

// Reconcile looks for objects that were not told yet (API-178).
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	present, complete := map[types.UID]bool{}, true
	var errs []error
	for _, kind := range c.Kinds {
		objects, err := c.list(ctx, kind)
		if err != nil {
			errs, complete = append(errs, err), false
		}
		for i := range objects {
			present[objects[i].UID] = true
			c.tell(&objects[i], kind)
		}
	}
	if complete {
		c.told = present
	}
	return reconciler.Result{RequeueAfter: every}, errors.Join(errs...)
}

// list reads the objects of a kind; none of one that is not served, or that
// nobody has allowed us to read.
func (c *Controller) list(ctx context.Context, kind Kind) ([]metav1.PartialObjectMetadata, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	err := c.Reader.List(ctx, list)
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing objects of kind %s: %w", kind.Kind, err)
	}
	return list.Items, nil
}

func (c *Controller) tell(object *metav1.PartialObjectMetadata, kind Kind) {
	if c.told[object.UID] {
		return
	}
	c.told[object.UID] = true
	object.SetGroupVersionKind(kind.GroupVersionKind)
	c.Recorder.Publish(events.Event{Object: object, Type: events.Warning, Reason: events.NotImplemented, Message: kind.Message})
}
