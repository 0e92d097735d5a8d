// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/signals"
)

// terminate removes all machines and images of a template, and then its finalizer
// (PVE-030). Regions that are no longer configured are left to themselves: nobody could
// wait for them to the end.
func (c *Controller) terminate(ctx context.Context, stored *v1alpha1.ProxmoxTemplate) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(stored, v1alpha1.Finalizer) {
		return reconcile.Result{}, nil
	}
	if c.Maker.Busy(stored.Name) {
		return reconcile.Result{RequeueAfter: soon}, nil // an image would come after all was removed
	}
	if current, err := c.current(ctx, stored); err != nil || !current { // its successor has the name, and machines of it
		return reconcile.Result{}, err
	}
	left, err := c.remove(ctx, stored)
	if err != nil {
		_, writeErr := c.write(ctx, stored, withZones(refuse(stored, ReasonTerminating, err.Error()), left), nil)
		return reconcile.Result{}, errors.Join(writeErr, fmt.Errorf("ending template %s: %w", stored.Name, err))
	}
	if _, err := imagerecord.Of(stored); err != nil { // an annotation shall not hold up whoever uninstalls
		c.Events.Publish(forgotten(stored, err))
	}
	after := stored.DeepCopy()
	controllerutil.RemoveFinalizer(after, v1alpha1.Finalizer)
	if _, err := patch.Object(ctx, c.Client, stored, after); client.IgnoreNotFound(err) != nil {
		return patch.Outcome(fmt.Errorf("removing the finalizer of template %s: %w", stored.Name, err))
	}
	return reconcile.Result{}, nil
}

// forgotten is the event about images that nobody can tell.
func forgotten(t *v1alpha1.ProxmoxTemplate, err error) events.Event {
	return events.Event{
		Object: t, Type: events.Warning, Reason: signals.TemplateImagesForgotten, DedupeValues: []string{string(t.UID)},
		Message: events.Sentence("images that were downloaded for the template may remain: " + err.Error()),
	}
}

func withZones(v Verdict, zones []placement.Entry) Verdict {
	v.Zones = placement.Texts(zones)
	return v
}

// remove deletes what the regions have of a template, and returns the zones that are left.
func (c *Controller) remove(ctx context.Context, t *v1alpha1.ProxmoxTemplate) ([]placement.Entry, error) {
	left := placement.Entries(t.Status.Zones)
	order := making.Order{Name: t.Name, Spec: t.Spec}
	record, _ := imagerecord.Of(t) // what cannot be read is told at the end
	used, err := c.usedByOthers(ctx, t)
	if err != nil {
		return left, err
	}
	ids := []string{t.Status.ImageID}
	if t.Spec.SourceImage != nil {
		ids = append(ids, t.Spec.SourceImage.ImageID())
	}
	wanted := c.Maker.RegionsOf(order)
	var errs []error
	for _, region := range append(wanted, c.withdrawn(left, record, wanted)...) {
		err := c.Maker.Remove(ctx, region, t.Name, left)
		if err == nil {
			all := slices.Concat(ids, record[region])
			err = c.Maker.RemoveImages(ctx, region, slices.DeleteFunc(all, func(id string) bool { return id == "" || slices.Contains(used[region], id) }))
		}
		if err != nil && !errors.Is(err, making.ErrNoRegion) && !errors.Is(err, making.ErrAway) { // a storage may be away for ever
			errs = append(errs, err)
			continue
		}
		left = slices.DeleteFunc(left, func(e placement.Entry) bool { return e.Region == region })
	}
	return left, errors.Join(errs...)
}
