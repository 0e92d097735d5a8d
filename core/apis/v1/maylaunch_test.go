// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
)

// API-088, API-048, API-177
func TestMayLaunch(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1.NodePool)
		want   bool
	}{
		"a pool that nobody has judged": {func(*v1.NodePool) {}, false},
		"ready": {func(p *v1.NodePool) {
			p.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
			p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
		}, true},
		"invalid": {func(p *v1.NodePool) {
			p.StatusConditions().SetFalse(v1.ConditionTypeValidationSucceeded, v1.ReasonValidationFailed, "")
			p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
		}, false},
		"invalid in its budgets alone": {func(p *v1.NodePool) {
			p.StatusConditions().SetFalse(v1.ConditionTypeValidationSucceeded, v1.ReasonInvalidBudgets, "")
			p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
		}, true},
		"invalid in its budgets, and without a NodeClass": {func(p *v1.NodePool) {
			p.StatusConditions().SetFalse(v1.ConditionTypeValidationSucceeded, v1.ReasonInvalidBudgets, "")
			p.StatusConditions().SetFalse(v1.ConditionTypeNodeClassReady, "NodeClassNotFound", "")
		}, false},
		"ready when it could still be read as a whole": {func(p *v1.NodePool) {
			p.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
			p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
			p.Unreadable = []lenient.Problem{{Field: "spec.limits[cpu]"}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &v1.NodePool{}
			test.change(pool)
			if got := pool.MayLaunch(); got != test.want {
				t.Errorf("MayLaunch() = %t", got)
			}
		})
	}
}
