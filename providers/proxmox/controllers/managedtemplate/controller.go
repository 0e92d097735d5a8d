// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
)

// Name is the controller's name in logs and metrics.
const Name = "template.status"

// How soon a template is looked at again.
const (
	// settled is while all is well (PVE-029).
	settled = 5 * time.Minute
	// unreadable is while nobody can read the record of images: somebody must mend it, which
	// brings the template back.
	unreadable = time.Minute
	// soon is while something is on its way, and after failures (PVE-029, PVE-030).
	soon = 10 * time.Second
)

// regions is how many are seen to at a time.
const regions = 10

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes, Live reads past it.
	Client client.Client
	Live   client.Reader
	Maker  *making.Maker
	Events events.Recorder
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
		For(&v1alpha1.ProxmoxTemplate{}, builder.WithPredicates(predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, imagerecord.Mended()))).
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
	facts, record, err := c.keep(ctx, held, order)
	if err != nil {
		return reconcile.Result{}, err
	}
	switch trimmed, err := c.trim(ctx, held, record); {
	case facts.RecordErr != nil:
	case err == nil:
		held = trimmed
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return patch.Outcome(err)
	default: // a policy may refuse annotations: that is no reason to tell nothing
		facts.TrimErr, facts.Unrecorded = err, true
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

// keep sees to all regions, and tells what they have, with what is then to be recorded of
// images.
func (c *Controller) keep(ctx context.Context, t *v1alpha1.ProxmoxTemplate, order making.Order) (Facts, imagerecord.Record, error) {
	before := placement.Entries(t.Status.Zones)
	wanted := c.Maker.RegionsOf(order)
	f := Facts{Image: order.Spec.SourceImage.ImageID(), Regions: make([]Region, len(wanted))}
	var record imagerecord.Record
	record, f.RecordErr = imagerecord.Of(t)
	_ = concurrency.Each(wanted, regions, func(i int, region string) error {
		out, err := c.Maker.Ensure(ctx, region, order, before)
		f.Regions[i] = Region{Name: region, Outcome: out, Err: err}
		return nil
	})
	replaced := f.clonable()
	for _, region := range c.withdrawn(before, record, wanted) {
		r := Region{Name: region, Unwanted: true}
		r.Kept = !replaced && slices.Contains(c.Maker.Regions(), region) // nothing else can be cloned yet
		if !r.Kept {
			r.Err = c.Maker.Remove(ctx, region, t.Name, before)
			r.Kept = r.Err != nil && !errors.Is(r.Err, making.ErrNoRegion)
		}
		if r.Kept {
			r.Entries = slices.DeleteFunc(slices.Clone(before), func(e placement.Entry) bool { return e.Region != region })
		}
		f.Regions = append(f.Regions, r)
	}
	if len(wanted) == 0 {
		f.NoRegion = order.Spec.Region
	}
	record, err := c.dropImages(ctx, t, &f, record)
	return f, record, err
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
