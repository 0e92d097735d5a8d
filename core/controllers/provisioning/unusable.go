// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"fmt"
	"strings"

	"github.com/awslabs/operatorpkg/status"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/reason"
)

// unusable is a node pool that takes no part in this round, and why: the pods that
// get nothing are told (SCH-024).
type unusable struct {
	nodePool *v1.NodePool
	why      reason.Reason
}

// barred says why nothing may be launched from a pool; false if something may.
func (p *Provisioner) barred(ctx context.Context, np *v1.NodePool) (reason.Reason, bool) {
	ref := np.Spec.Template.Spec.NodeClassRef
	switch {
	case !p.NodeClasses.Manages(ref):
		return reason.Reason{Cause: reason.PoolForeign, Detail: fmt.Sprintf("%s %q", ref.GroupKind(), ref.Name)}, true
	case np.DeletionTimestamp != nil:
		return reason.Reason{Cause: reason.PoolLeaving}, true
	case np.Spec.Replicas != nil:
		return reason.Reason{Cause: reason.PoolStatic}, true
	case np.MayLaunch():
		return reason.Reason{}, false
	}
	r := reason.Reason{Cause: reason.PoolNotReady, Detail: unready(np)}
	if len(np.Unreadable) > 0 {
		r = reason.Reason{Cause: reason.PoolUnclear, Detail: unreadable(np)}
	}
	p.complain(ctx, np, nil, "ignoring nodepool, not ready", "reason", r.Detail)
	return r, true
}

// unreadable lists the fields of a pool that cannot be read.
func unreadable(np *v1.NodePool) string {
	parts := make([]string, len(np.Unreadable))
	for i, problem := range np.Unreadable {
		parts[i] = problem.String()
	}
	return strings.Join(parts, ", ")
}

// unready says which conditions keep a pool from being ready, and names what they
// are about.
func unready(np *v1.NodePool) string {
	var parts []string
	for _, conditionType := range []string{v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady} {
		c := stored(np, conditionType)
		about := conditionType
		if ref := np.Spec.Template.Spec.NodeClassRef; conditionType == v1.ConditionTypeNodeClassReady && !(c != nil && strings.Contains(c.Message, ref.Name)) {
			about += fmt.Sprintf(" of %s %q", ref.Kind, ref.Name)
		}
		switch {
		case c == nil || c.IsUnknown() || c.ObservedGeneration != np.Generation:
			parts = append(parts, about+" is not known yet")
		case c.IsFalse() && c.Reason != v1.ReasonInvalidBudgets: // which launching does not depend on
			parts = append(parts, fmt.Sprintf("%s: %s", about, c.Message))
		}
	}
	if len(parts) == 0 {
		return "its condition Ready is not True yet"
	}
	return strings.Join(parts, ", ")
}

// stored is a condition as it is on the object; nil without one.
func stored(np *v1.NodePool, conditionType string) *status.Condition {
	for i := range np.Status.Conditions {
		if np.Status.Conditions[i].Type == conditionType {
			return &np.Status.Conditions[i]
		}
	}
	return nil
}
