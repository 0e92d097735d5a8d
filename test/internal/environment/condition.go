// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"slices"

	"github.com/awslabs/operatorpkg/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Condition of a NodePool or NodeClaim.
type Condition = status.Condition

// Conditioned is an object with conditions.
type Conditioned interface {
	client.Object
	GetConditions() []Condition
}

func conditionOf(o Conditioned, kind string) (Condition, bool) {
	conditions := o.GetConditions()
	i := slices.IndexFunc(conditions, func(c Condition) bool { return c.Type == kind })
	if i < 0 {
		return Condition{}, false
	}
	return conditions[i], true
}
