// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"slices"

	"github.com/awslabs/operatorpkg/status"
)

// Condition types of a NodePool beside Ready.
const (
	// ConditionTypeValidationSucceeded tells whether the spec passes the checks
	// that the API server cannot make.
	ConditionTypeValidationSucceeded = "ValidationSucceeded"
	// ConditionTypeNodeClassReady tells whether the referenced NodeClass exists
	// and is ready.
	ConditionTypeNodeClassReady = "NodeClassReady"
	// ConditionTypeNodeRegistrationHealthy tells whether nodes launched lately
	// came to register. It informs only: Ready does not depend on it.
	ConditionTypeNodeRegistrationHealthy = "NodeRegistrationHealthy"
)

// Condition types of a NodePool that are there only while they have something to
// tell. Ready does not depend on them.
const (
	// ConditionTypeInstanceTypesFound is False while no instance type of the
	// provider meets the requirements of the pool, and says which of them
	// excludes them.
	ConditionTypeInstanceTypesFound = "InstanceTypesFound"
	// ConditionTypeFieldsWithoutEffect is True while the spec asks for something
	// that this version does not act on.
	ConditionTypeFieldsWithoutEffect = "FieldsWithoutEffect"
	// ConditionTypeDisruptionPaused is True while an annotation of the NodePool
	// keeps its nodes from voluntary disruption (DIS-174).
	ConditionTypeDisruptionPaused = "DisruptionPaused"
)

// Reasons of ValidationSucceeded when it is False.
const (
	// ReasonValidationFailed is about mistakes that keep the pool from launching.
	ReasonValidationFailed = "NodePoolValidationFailed"
	// ReasonInvalidBudgets is about disruption budgets only: voluntary disruption
	// stands still, and nodes are launched nevertheless (API-048).
	ReasonInvalidBudgets = "InvalidDisruptionBudgets"
)

// Condition types of a NodeClaim beside Ready.
const (
	// ConditionTypeLaunched tells that the instance was created.
	ConditionTypeLaunched = "Launched"
	// ConditionTypeRegistered tells that the Node was found and synchronised.
	ConditionTypeRegistered = "Registered"
	// ConditionTypeInitialized tells that the Node is ready for pods.
	ConditionTypeInitialized = "Initialized"
	// ConditionTypeConsolidatable tells that the node has been quiet for long
	// enough to be consolidated.
	ConditionTypeConsolidatable = "Consolidatable"
	// ConditionTypeDrifted tells that the node no longer matches its NodePool or
	// NodeClass.
	ConditionTypeDrifted = "Drifted"
	// ConditionTypeDisruptionReason tells that the node is being given up, and
	// why.
	ConditionTypeDisruptionReason = "DisruptionReason"
	// ConditionTypeDrained tells that no pod that matters is left on the node.
	ConditionTypeDrained = "Drained"
	// ConditionTypeVolumesDetached tells that no volume is left on the node.
	ConditionTypeVolumesDetached = "VolumesDetached"
	// ConditionTypeInstanceTerminating tells that the provider has accepted the
	// deletion of the instance.
	ConditionTypeInstanceTerminating = "InstanceTerminating"
	// ConditionTypeConsistentStateFound tells that Node and NodeClaim agree.
	ConditionTypeConsistentStateFound = "ConsistentStateFound"
)

// StatusConditions returns the set that reads and writes the conditions of this
// NodePool. Ready depends on ValidationSucceeded and NodeClassReady.
func (p *NodePool) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(
		ConditionTypeValidationSucceeded,
		ConditionTypeNodeClassReady,
	).For(p, opts...)
}

// MayLaunch reports whether nodes may be launched for the pool: it can be read as
// a whole and is Ready, or kept from that by its disruption budgets alone
// (API-088).
func (p *NodePool) MayLaunch() bool {
	conditions := p.StatusConditions(status.WithObservedOnly())
	switch {
	case len(p.Unreadable) > 0:
		return false
	case conditions.Root().IsTrue():
		return true
	}
	validated := conditions.Get(ConditionTypeValidationSucceeded)
	return conditions.IsTrue(ConditionTypeNodeClassReady) && validated.IsFalse() && validated.Reason == ReasonInvalidBudgets
}

// GetConditions returns the conditions as they are stored.
func (p *NodePool) GetConditions() []status.Condition {
	return p.Status.Conditions
}

// SetConditions replaces the conditions, in the order of API-114.
func (p *NodePool) SetConditions(conditions []status.Condition) {
	p.Status.Conditions = sortedConditions(conditions)
}

// StatusConditions returns the set that reads and writes the conditions of this
// NodeClaim. Ready depends on Launched, Registered and Initialized.
func (c *NodeClaim) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(
		ConditionTypeLaunched,
		ConditionTypeRegistered,
		ConditionTypeInitialized,
	).For(c, opts...)
}

// GetConditions returns the conditions as they are stored.
func (c *NodeClaim) GetConditions() []status.Condition {
	return c.Status.Conditions
}

// SetConditions replaces the conditions, in the order of API-114.
func (c *NodeClaim) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = sortedConditions(conditions)
}

// sortedConditions orders by last transition, oldest first and Ready last. The
// condition set sorts by itself when it sets a condition, but not when it clears
// one.
func sortedConditions(conditions []status.Condition) []status.Condition {
	sorted := slices.Clone(conditions)
	slices.SortStableFunc(sorted, func(a, b status.Condition) int {
		if aRoot, bRoot := a.Type == status.ConditionReady, b.Type == status.ConditionReady; aRoot != bRoot {
			if aRoot {
				return 1
			}
			return -1
		}
		return a.LastTransitionTime.Compare(b.LastTransitionTime.Time)
	})
	return sorted
}
