// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/price"
)

// readOverlays takes the prices of overlays as the fallback for types of which AWS says
// none, in place of an estimate (AWS-234).
func (p *Prices) readOverlays(ctx context.Context) error {
	var list v1alpha1.NodeOverlayList
	if err := p.opts.Overlays.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing nodeoverlays: %w", err)
	}
	p.book.SetTable(price.Table{OnDemand: overlayPrices(list.Items)})
	return nil
}

// overlayPrices are those that validated overlays give to types by name and by nothing
// else; of several, the one that takes precedence.
func overlayPrices(overlays []v1alpha1.NodeOverlay) map[string]float64 {
	byPrecedence := make([]*v1alpha1.NodeOverlay, len(overlays))
	for i := range overlays {
		byPrecedence[i] = &overlays[i]
	}
	slices.SortFunc(byPrecedence, v1alpha1.CompareNodeOverlays)
	prices := map[string]float64{}
	for _, o := range slices.Backward(byPrecedence) { // who takes precedence writes last
		change, err := v1alpha1.ParsePriceChange(o.Spec.Price)
		if err != nil || !change.SetsPrice() || !valid(o) {
			continue
		}
		for _, instanceType := range named(o) {
			prices[instanceType] = change.Apply(0)
		}
	}
	return prices
}

func valid(o *v1alpha1.NodeOverlay) bool {
	return o.DeletionTimestamp.IsZero() && len(o.Unreadable) == 0 &&
		o.StatusConditions().Get(v1alpha1.ConditionTypeValidationSucceeded).IsTrue()
}

// named are the types that an overlay names, if that is its only requirement.
func named(o *v1alpha1.NodeOverlay) []string {
	if len(o.Spec.Requirements) != 1 {
		return nil
	}
	r := o.Spec.Requirements[0]
	if r.Key != corev1.LabelInstanceTypeStable || r.Operator != corev1.NodeSelectorOpIn {
		return nil
	}
	return r.Values
}
