// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/making"
)

// stamp writes to the machines of a template what has changed of what can be, and then
// annotates it: with that hash, and with the one of what its machines are made from
// (PVE-028, PVE-114). An annotation says only what all machines have.
func (c *Controller) stamp(ctx context.Context, t *v1alpha1.ProxmoxTemplate) error {
	order, err := making.OrderOf(t)
	if err != nil {
		return err
	}
	stamps := map[string]string{
		v1alpha1.AnnotationTemplateHash: order.Hash, v1alpha1.AnnotationTemplateHashVersion: v1alpha1.TemplateHashVersion,
	}
	hash, err := c.Maker.InPlaceHash(order)
	if err != nil {
		return fmt.Errorf("hashing what template %s has in place: %w", t.Name, err)
	}
	if hash != t.Annotations[v1alpha1.AnnotationTemplateInPlaceHash] {
		if err = c.update(ctx, order); err == nil {
			stamps[v1alpha1.AnnotationTemplateInPlaceHash] = hash
		}
	}
	after := t.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	maps.Copy(after.Annotations, stamps)
	if _, patchErr := patch.Object(ctx, c.Client, t, after); patchErr != nil {
		err = errors.Join(err, fmt.Errorf("annotating template %s: %w", t.Name, patchErr))
	}
	return err
}

func (c *Controller) update(ctx context.Context, order making.Order) error {
	var errs []error
	for _, region := range c.Maker.RegionsOf(order) {
		errs = append(errs, c.Maker.Update(ctx, region, order))
	}
	return errors.Join(errs...)
}
