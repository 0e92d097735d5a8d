// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// withdrawn are the regions that may have something of a template, by its entries or by the
// record of its images, and are not wanted any more. Those of the record that are not
// configured are left to themselves; so is the record of them, since they may come back.
func (c *Controller) withdrawn(before []placement.Entry, record imagerecord.Record, wanted []string) []string {
	var out []string
	add := func(region string) {
		if !slices.Contains(wanted, region) && !slices.Contains(out, region) {
			out = append(out, region)
		}
	}
	for _, e := range before {
		add(e.Region)
	}
	known := c.Maker.Regions()
	for _, region := range record.Regions() {
		if slices.Contains(known, region) {
			add(region)
		}
	}
	return out
}

// surplus are the images of a region that nothing is made from: those that were fetched for
// the template and the one of before, but for the one of now where it is wanted.
func surplus(r Region, record imagerecord.Record, f *Facts, before string) []string {
	if r.Kept {
		return nil
	}
	ids := append(slices.Clone(record[r.Name]), before)
	if r.Unwanted {
		ids = append(ids, f.Image)
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" || !r.Unwanted && id == f.Image })
}

// dropImages removes images once nothing is made from them any more (PVE-029), and returns
// the record without them. The image of before is recorded first: what cannot be deleted
// now, and may never be, shall not keep the status from naming the one of now. While an
// image is fetched nothing is removed: it may be one of those, and would come after it was
// forgotten.
func (c *Controller) dropImages(ctx context.Context, t *v1alpha1.ProxmoxTemplate, f *Facts, record imagerecord.Record) (imagerecord.Record, error) {
	if !f.settled() {
		return record, nil
	}
	before := t.Status.ImageID
	if f.RecordErr == nil && before != "" && before != f.Image {
		record = record.With(before, f.names())
	}
	if !slices.ContainsFunc(f.Regions, func(r Region) bool { return len(surplus(r, record, f, before)) > 0 }) {
		return record, nil
	}
	if c.Maker.Busy(t.Name) {
		f.wait()
		return record, nil
	}
	used, err := c.usedByOthers(ctx, t)
	if err != nil {
		return record, err
	}
	for _, r := range f.Regions {
		ids := slices.DeleteFunc(surplus(r, record, f, before), func(id string) bool { return slices.Contains(used[r.Name], id) })
		if current, err := c.current(ctx, t); err != nil || !current {
			f.wait()
			return record, err
		}
		if r.Unwanted && !r.Kept {
			record = record.Without(r.Name, used[r.Name])
		}
		err := c.Maker.RemoveImages(ctx, r.Name, ids)
		if err == nil {
			record = record.Without(r.Name, ids)
			continue
		}
		f.note(err)
	}
	return record, nil
}

// names are those of the regions.
func (f *Facts) names() []string {
	var out []string
	for _, r := range f.Regions {
		out = append(out, r.Name)
	}
	return out
}

// wait notes that images are to be removed soon.
func (f *Facts) wait() { f.Fetching, f.Unrecorded = true, f.RecordErr != nil }

// note notes why images were not removed. Where nobody could look, only the record can wait.
func (f *Facts) note(err error) {
	switch {
	case errors.Is(err, making.ErrNoRegion):
		return
	case errors.Is(err, making.ErrAway), pve.IsUnreachable(err):
	default:
		f.ImageErr = errors.Join(f.ImageErr, err)
	}
	f.Unrecorded = f.RecordErr != nil
}

// current reports whether a template still is the one that was read: a pass takes minutes,
// and what was not wanted then may be now.
func (c *Controller) current(ctx context.Context, t *v1alpha1.ProxmoxTemplate) (bool, error) {
	now := &v1alpha1.ProxmoxTemplate{}
	switch err := c.Live.Get(ctx, client.ObjectKeyFromObject(t), now); {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading template %s before something of it is deleted: %w", t.Name, err)
	}
	return now.UID == t.UID && now.Generation == t.Generation, nil
}

// trim stores a record if it is not what the template has, unless another one or another
// spec was stored meanwhile: that is a conflict. It returns the template as it is then.
func (c *Controller) trim(ctx context.Context, t *v1alpha1.ProxmoxTemplate, record imagerecord.Record) (*v1alpha1.ProxmoxTemplate, error) {
	if before, err := imagerecord.Of(t); err != nil || record.Equal(before) {
		return t, err
	}
	after, err := record.On(t)
	if err != nil {
		return t, err
	}
	if _, err := patch.Object(ctx, c.Client, t, after, imagerecord.Unchanged()); err != nil {
		return t, fmt.Errorf("recording the images of template %s: %w", t.Name, err)
	}
	return after, nil
}

// usedByOthers are the images of other templates, by the regions where they are wanted: there
// each deletes its own once it lets go. One that is being deleted needs none: two of them
// would wait for each other.
func (c *Controller) usedByOthers(ctx context.Context, t *v1alpha1.ProxmoxTemplate) (map[string][]string, error) {
	var all v1alpha1.ProxmoxTemplateList
	if err := c.Client.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	out := map[string][]string{}
	for _, other := range all.Items {
		if other.Name == t.Name || !other.DeletionTimestamp.IsZero() {
			continue
		}
		for _, region := range c.regionsOf(&other) {
			out[region] = append(out[region], other.Status.ImageID)
			if other.Spec.SourceImage != nil {
				out[region] = append(out[region], other.Spec.SourceImage.ImageID())
			}
		}
	}
	return out, nil
}

// regionsOf are those where a template is wanted. One for a region that nobody knows keeps
// what it has.
func (c *Controller) regionsOf(t *v1alpha1.ProxmoxTemplate) []string {
	wanted := c.Maker.RegionsOf(making.Order{Name: t.Name, Spec: t.Spec})
	if len(wanted) == 0 {
		for _, e := range placement.Entries(t.Status.Zones) {
			wanted = append(wanted, e.Region)
		}
	}
	return wanted
}
