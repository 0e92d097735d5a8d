// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"strings"

	v1 "karpenter.sh/core/apis/v1"
)

// reasonNotImplemented is the reason of FieldsWithoutEffect.
const reasonNotImplemented = "NotImplemented"

// unbuilt is something that a pool may ask for and that this version does not
// act on.
type unbuilt struct {
	asked func(*v1.NodePool) bool
	text  string
}

// unbuiltFeatures is what a pool is told about. A row goes when its feature
// comes.
func unbuiltFeatures() []unbuilt {
	return []unbuilt{
		{func(p *v1.NodePool) bool { return p.Spec.Replicas != nil },
			"spec.replicas: static NodePools are not implemented; this pool launches no nodes"},
		{func(p *v1.NodePool) bool {
			return consolidates(p) && p.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyBalanced
		}, "spec.disruption.consolidationPolicy: Balanced acts like WhenEmpty; consolidation of nodes that run pods is not implemented"},
		{func(p *v1.NodePool) bool {
			return consolidates(p) && p.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyWhenEmptyOrUnderutilized
		}, "spec.disruption.consolidationPolicy: WhenEmptyOrUnderutilized acts like WhenEmpty; consolidation of nodes that run pods is not implemented"},
		{func(p *v1.NodePool) bool { return covers(p, v1.DisruptionReasonDrifted) },
			"spec.disruption.budgets: reason Drifted has no effect; drift is not implemented"},
		{func(p *v1.NodePool) bool { return covers(p, v1.DisruptionReasonUnderutilized) },
			"spec.disruption.budgets: reason Underutilized has no effect; consolidation of nodes that run pods is not implemented"},
	}
}

// consolidates holds for pools that ask for consolidation at all.
func consolidates(pool *v1.NodePool) bool {
	_, finite := pool.Spec.Disruption.ConsolidateAfter.Value()
	return finite && pool.Spec.Replicas == nil
}

// covers holds for pools with a budget that names a reason.
func covers(pool *v1.NodePool, reason v1.DisruptionReason) bool {
	for _, budget := range pool.Spec.Disruption.Budgets {
		for _, r := range budget.Reasons {
			if r == reason {
				return true
			}
		}
	}
	return false
}

// describe tells a pool which of its fields have no effect (API-178).
func (o Options) describe(pool *v1.NodePool) {
	var texts []string
	for _, feature := range unbuiltFeatures() {
		if feature.asked(pool) {
			texts = append(texts, feature.text)
		}
	}
	conditions := o.conditions(pool)
	if len(texts) == 0 {
		_ = conditions.Clear(v1.ConditionTypeFieldsWithoutEffect) // it fails for dependents of Ready only
		return
	}
	conditions.SetTrueWithReason(v1.ConditionTypeFieldsWithoutEffect, reasonNotImplemented, strings.Join(texts, "; "))
}
