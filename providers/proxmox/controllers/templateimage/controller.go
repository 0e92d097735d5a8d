// SPDX-License-Identifier: Apache-2.0

// Package templateimage downloads the images of ProxmoxTemplates to the hosts that need
// them (PVE-025).
//
// Downloads take long, so they have workers of their own: what the template has is for
// package managedtemplate, which makes machines of images once they are there, and tells
// users why they are not.
//
// A pass downloads nothing for a template that has no finalizer yet, or is being deleted:
// nobody would remove it. What it downloads is recorded on the template before.
//
// Start reading at [Controller].
package templateimage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
	"karpenter.sh/providers/proxmox/making"
)

// Name is the controller's name in logs and metrics.
const Name = "template.images"

// recheck is when to look for hosts that have come to need the image.
const recheck = 5 * time.Minute

// regions is how many are seen to at a time.
const regions = 10

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache, Live past it.
	Client client.Client
	Live   client.Reader
	Maker  *making.Maker
}

// Controller downloads images.
type Controller struct{ Options }

// New returns the controller template.images.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager. Statuses, which tell of downloads that failed,
// and records do not bring it back, but for one that was mended.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{Base: 10 * time.Second, Longest: recheck, Rate: 10, Burst: 100}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1alpha1.ProxmoxTemplate{}, builder.WithPredicates(predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, held(), imagerecord.Mended()))).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[*v1alpha1.ProxmoxTemplate](c.Client, c))
}

// held passes templates that have just got their finalizer.
func held() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false }, // the other predicate passes them
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !controllerutil.ContainsFinalizer(e.ObjectOld, v1alpha1.Finalizer) && controllerutil.ContainsFinalizer(e.ObjectNew, v1alpha1.Finalizer)
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false }, GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// Reconcile downloads the image of one template to all hosts that need it.
func (c *Controller) Reconcile(ctx context.Context, stored *v1alpha1.ProxmoxTemplate) (reconcile.Result, error) {
	if !wanted(stored) {
		return reconcile.Result{}, nil
	}
	defer c.Maker.Begin(stored.Name)()
	now := &v1alpha1.ProxmoxTemplate{}
	if err := c.Live.Get(ctx, client.ObjectKeyFromObject(stored), now); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !wanted(now) {
		return reconcile.Result{}, nil
	}
	order, err := making.OrderOf(now)
	if err != nil || order.Hash == "" || c.Maker.Validate(order) != nil {
		return reconcile.Result{}, nil // package managedtemplate tells
	}
	switch err := c.record(ctx, now, order); {
	case errors.Is(err, imagerecord.ErrUnreadable):
		return reconcile.Result{RequeueAfter: recheck}, nil // so it does then
	case err != nil:
		return patch.Outcome(err)
	}
	errs := concurrency.Each(c.Maker.RegionsOf(order), regions, func(_ int, region string) error {
		return c.Maker.FetchImages(ctx, region, order)
	})
	if err := errors.Join(errs...); err != nil {
		return reconcile.Result{}, fmt.Errorf("fetching the image of template %s: %w", now.Name, err)
	}
	return reconcile.Result{RequeueAfter: recheck}, nil
}

// record annotates a template with the image before it is fetched: it may be replaced before
// any status tells of it.
func (c *Controller) record(ctx context.Context, t *v1alpha1.ProxmoxTemplate, order making.Order) error {
	record, err := imagerecord.Of(t)
	if err != nil {
		return err
	}
	with := record.With(order.Spec.SourceImage.ImageID(), c.Maker.RegionsOf(order))
	if with.Equal(record) {
		return nil
	}
	after, err := with.On(t)
	if err != nil {
		return err
	}
	if _, err := patch.Object(ctx, c.Client, t, after, imagerecord.Unchanged()); err != nil {
		return fmt.Errorf("recording the images of template %s: %w", t.Name, err)
	}
	return nil
}

// wanted reports whether what is downloaded for a template will be removed with it.
func wanted(t *v1alpha1.ProxmoxTemplate) bool {
	return t.DeletionTimestamp.IsZero() && controllerutil.ContainsFinalizer(t, v1alpha1.Finalizer)
}
