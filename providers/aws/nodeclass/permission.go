// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
)

// ReasonUnauthorized is the reason of a condition that could not be decided for want of
// a permission.
const ReasonUnauthorized = "Unauthorized"

// telling is a resolver whose condition says which permission is missing, as long as
// nothing better is known: users look there, not into the log. What was resolved before
// stays, and so does its condition (AWS-081).
type telling struct{ Resolver }

// Resolve implements resolution.Resolver.
func (t telling) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	outcome, err := t.Resolver.Resolve(ctx, nodeClass)
	if err == nil || outcome.Status != "" {
		return outcome, err
	}
	missing, denied := failure.PermissionMissing(err)
	if !denied || settled(nodeClass, t.Condition()) {
		return outcome, err
	}
	return resolution.Unknown(ReasonUnauthorized, "Controller isn't authorized to call "+missing.String(), soon), err
}

// settled reports whether a condition is True, of whatever generation: its list holds.
func settled(nodeClass *v1.EC2NodeClass, condition string) bool {
	for _, c := range nodeClass.Status.Conditions {
		if c.Type == condition {
			return c.Status == metav1.ConditionTrue
		}
	}
	return false
}
