// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// Name is the controller's name in logs and metrics.
const Name = "template.status"

// How soon a template is looked at again.
const (
	// settled is while all is well (PVE-029).
	settled = 5 * time.Minute
	// soon is while something is on its way, and after failures (PVE-029, PVE-030).
	soon = 10 * time.Second
)

// regions is how many are seen to at a time.
const regions = 10

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	Maker  *making.Maker
	// Clock dates the transitions of conditions.
	Clock clock.Clock
}

// Controller keeps ProxmoxTemplates.
type Controller struct{ Options }

// New returns the controller template.status.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager. What it writes itself does not bring it back:
// failures that are told with ever new words would be repeated at once.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{Base: soon, Longest: time.Minute, Rate: 10, Burst: 100}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1alpha1.ProxmoxTemplate{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[*v1alpha1.ProxmoxTemplate](c.Client, c))
}

// Reconcile brings the machines of one template closer to what it says, and its status to
// what there is.
func (c *Controller) Reconcile(ctx context.Context, stored *v1alpha1.ProxmoxTemplate) (reconcile.Result, error) {
	if !stored.DeletionTimestamp.IsZero() {
		return c.terminate(ctx, stored)
	}
	held := stored.DeepCopy()
	if controllerutil.AddFinalizer(held, v1alpha1.Finalizer) {
		if _, err := patch.Object(ctx, c.Client, stored, held); err != nil {
			return patch.Outcome(fmt.Errorf("adding the finalizer to template %s: %w", stored.Name, err))
		}
	}
	order, err := making.OrderOf(held)
	if err != nil {
		return reconcile.Result{}, err
	}
	if err := c.refused(held, order); err != nil {
		return c.write(ctx, held, refuse(held, ReasonValidation, err.Error()), nil)
	}
	facts, err := c.keep(ctx, held, order)
	if err != nil {
		return reconcile.Result{}, err
	}
	return c.write(ctx, held, Judge(held, facts), facts.failed())
}

// refused says what is wrong with a spec (PVE-025, PVE-082).
func (c *Controller) refused(t *v1alpha1.ProxmoxTemplate, order making.Order) error {
	var errs []error
	for _, p := range t.UnreadableSpec() {
		errs = append(errs, errors.New(p.String()))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return c.Maker.Validate(order)
}

// keep sees to all regions, and tells what they have.
func (c *Controller) keep(ctx context.Context, t *v1alpha1.ProxmoxTemplate, order making.Order) (Facts, error) {
	before := placement.Entries(t.Status.Zones)
	wanted := c.Maker.RegionsOf(order)
	f := Facts{Image: order.Spec.SourceImage.ImageID(), Regions: make([]Region, len(wanted))}
	_ = concurrency.Each(wanted, regions, func(i int, region string) error {
		out, err := c.Maker.Ensure(ctx, region, order, before)
		f.Regions[i] = Region{Name: region, Outcome: out, Err: err}
		return nil
	})
	replaced := f.clonable()
	for _, region := range withdrawn(before, wanted) {
		r := Region{Name: region, Unwanted: true}
		keep := !replaced && slices.Contains(c.Maker.Regions(), region) // nothing else can be cloned yet
		if !keep {
			r.Err = c.Maker.Remove(ctx, region, t.Name, before)
		}
		if keep || r.Err != nil && !errors.Is(r.Err, making.ErrNoRegion) {
			r.Entries = slices.DeleteFunc(slices.Clone(before), func(e placement.Entry) bool { return e.Region != region })
		}
		f.Regions = append(f.Regions, r)
	}
	if len(wanted) == 0 {
		f.NoRegion = order.Spec.Region
	}
	err := c.dropImages(ctx, t, &f)
	return f, err
}

// withdrawn are the regions of entries that are not wanted any more.
func withdrawn(before []placement.Entry, wanted []string) []string {
	var out []string
	for _, e := range before {
		if !slices.Contains(wanted, e.Region) && !slices.Contains(out, e.Region) {
			out = append(out, e.Region)
		}
	}
	return out
}

// dropImages removes the image of before a change, once nothing is made from it any more:
// from all regions that may have it (PVE-029). In a region that is no longer wanted the
// image of now goes as well.
func (c *Controller) dropImages(ctx context.Context, t *v1alpha1.ProxmoxTemplate, f *Facts) error {
	old := t.Status.ImageID
	if old == f.Image {
		old = ""
	}
	if !f.settled() || old == "" && !f.unwanted() {
		return nil
	}
	used, err := c.usedByOthers(ctx, t)
	if err != nil {
		return err
	}
	for _, r := range f.Regions {
		ids := []string{old}
		if r.Unwanted {
			ids = append(ids, f.Image)
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" || slices.Contains(used, id) })
		switch err := c.Maker.RemoveImages(ctx, r.Name, ids); {
		case errors.Is(err, making.ErrNoRegion):
		case errors.Is(err, making.ErrAway), pve.IsUnreachable(err):
			f.ImageLeft = true
		case err != nil:
			f.ImageErr = errors.Join(f.ImageErr, err)
		}
	}
	return nil
}

// usedByOthers are the images of other templates. One that is being deleted needs none:
// two of them would wait for each other.
func (c *Controller) usedByOthers(ctx context.Context, t *v1alpha1.ProxmoxTemplate) ([]string, error) {
	var all v1alpha1.ProxmoxTemplateList
	if err := c.Client.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	var out []string
	for _, other := range all.Items {
		if other.Name == t.Name || !other.DeletionTimestamp.IsZero() {
			continue
		}
		out = append(out, other.Status.ImageID)
		if other.Spec.SourceImage != nil {
			out = append(out, other.Spec.SourceImage.ImageID())
		}
	}
	return out, nil
}

// write stores a verdict and, if it is good, brings the machines up to date and stamps the
// template. failed are failures that the verdict lives with, and that are tried again.
func (c *Controller) write(ctx context.Context, held *v1alpha1.ProxmoxTemplate, v Verdict, failed error) (reconcile.Result, error) {
	after := held.DeepCopy()
	after.Status.Zones, after.Status.ImageID, after.Status.Resources.Zones = v.Zones, v.ImageID, int32(len(v.Zones)) //nolint:gosec // hosts are few
	after.StatusConditions(status.WithClock(c.Clock)).Set(v.Condition)
	if _, err := patch.Status(ctx, c.Client, held, after); err != nil {
		result, err := patch.Outcome(fmt.Errorf("writing the status of template %s: %w", held.Name, err))
		return result, errors.Join(err, failed)
	}
	if v.Condition.Status == "True" {
		failed = errors.Join(failed, c.stamp(ctx, after))
	}
	if failed != nil {
		return reconcile.Result{}, fmt.Errorf("keeping template %s: %w", held.Name, failed)
	}
	return reconcile.Result{RequeueAfter: v.After}, nil
}
