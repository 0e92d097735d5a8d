// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "github.com/awslabs/operatorpkg/status"

// ConditionTypeValidationSucceeded tells whether the overlay passes the checks
// that the API server cannot make and is in conflict with no other.
const ConditionTypeValidationSucceeded = "ValidationSucceeded"

// Reasons of a False ConditionTypeValidationSucceeded.
const (
	// ReasonRuntimeValidation says that the overlay is wrong in itself.
	ReasonRuntimeValidation = "RuntimeValidation"
	// ReasonConflict says that an earlier overlay of the same weight targets the
	// same price or resource.
	ReasonConflict = "Conflict"
)

// StatusConditions returns the set that reads and writes the conditions of this
// NodeOverlay. Ready depends on ValidationSucceeded.
func (o *NodeOverlay) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(ConditionTypeValidationSucceeded).For(o, opts...)
}

// GetConditions returns the conditions as they are stored.
func (o *NodeOverlay) GetConditions() []status.Condition {
	return o.Status.Conditions
}

// SetConditions replaces the conditions.
func (o *NodeOverlay) SetConditions(conditions []status.Condition) {
	o.Status.Conditions = conditions
}
