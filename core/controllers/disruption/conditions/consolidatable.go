// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"context"

	"github.com/awslabs/operatorpkg/status"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/survey"
)

// consolidatable is the rule of the condition Consolidatable (DIS-003, DIS-004).
func (c *Controller) consolidatable(_ context.Context, nodeClaim *v1.NodeClaim, pool *v1.NodePool) (verdict, error) {
	conditions := nodeClaim.StatusConditions(status.WithClock(c.Clock), status.WithObservedOnly())
	yes, wait := survey.Quiet(nodeClaim, pool).Consolidatable(c.Clock.Now())
	if !yes {
		return verdict{again: wait}, conditions.Clear(v1.ConditionTypeConsolidatable)
	}
	if conditions.IsTrue(v1.ConditionTypeConsolidatable) {
		return verdict{}, nil
	}
	nodeClaim.StatusConditions(status.WithClock(c.Clock)).SetTrue(v1.ConditionTypeConsolidatable)
	return verdict{record: "marking consolidatable"}, nil
}
