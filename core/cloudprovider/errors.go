// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"regexp"
)

// InsufficientCapacityError says that nothing the NodeClaim allows can be
// bought now. Core deletes the NodeClaim and provisions its pods anew (CP-042).
type InsufficientCapacityError struct{ cause error }

// NewInsufficientCapacityError wraps the cause.
func NewInsufficientCapacityError(cause error) *InsufficientCapacityError {
	return &InsufficientCapacityError{cause}
}

// Error is the text of the cause behind a prefix.
func (e *InsufficientCapacityError) Error() string {
	return "insufficient capacity, " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *InsufficientCapacityError) Unwrap() error { return e.cause }

// NodeClassNotReadyError says that the NodeClass cannot be launched with. Core
// deletes the NodeClaim (CP-042).
type NodeClassNotReadyError struct{ cause error }

// NewNodeClassNotReadyError wraps the cause.
func NewNodeClassNotReadyError(cause error) *NodeClassNotReadyError {
	return &NodeClassNotReadyError{cause}
}

// Error is the text of the cause behind a prefix.
func (e *NodeClassNotReadyError) Error() string { return "NodeClassRef not ready, " + e.cause.Error() }

// Unwrap returns the cause.
func (e *NodeClassNotReadyError) Unwrap() error { return e.cause }

// NodeClaimNotFoundError says that the machine is known to be gone.
type NodeClaimNotFoundError struct{ cause error }

// NewNodeClaimNotFoundError wraps the cause.
func NewNodeClaimNotFoundError(cause error) *NodeClaimNotFoundError {
	return &NodeClaimNotFoundError{cause}
}

// Error is the text of the cause behind a prefix.
func (e *NodeClaimNotFoundError) Error() string { return "nodeclaim not found, " + e.cause.Error() }

// Unwrap returns the cause.
func (e *NodeClaimNotFoundError) Unwrap() error { return e.cause }

// CreateError is a failed launch with a reason and message for the condition
// Launched. Core tries again (CP-042).
type CreateError struct {
	cause error
	// Reason of the condition, CamelCase.
	Reason string
	// Message of the condition; no secrets.
	Message string
}

const (
	// ReasonLaunchFailed is the condition reason of a failed launch that gives
	// none of its own.
	ReasonLaunchFailed = "LaunchFailed"

	maxCreateMessage = 1200 // bytes, CP-043
)

// conditionReason is what the API server admits as the reason of a condition.
var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

// NewCreateError wraps the cause. The message is cut to 1,200 bytes and "...";
// a reason that no condition could hold is replaced by LaunchFailed (CP-043).
func NewCreateError(cause error, reason, message string) *CreateError {
	if !conditionReason.MatchString(reason) {
		reason = ReasonLaunchFailed
	}
	return &CreateError{cause: cause, Reason: reason, Message: cut(message, maxCreateMessage)}
}

// Error is the text of the cause behind a prefix, not Message: that is for users.
func (e *CreateError) Error() string { return "creating nodeclaim, " + e.cause.Error() }

// Unwrap returns the cause.
func (e *CreateError) Unwrap() error { return e.cause }

// UnevaluatedNodePoolError says that overlays have not been applied to a pool's
// types yet (CP-077).
type UnevaluatedNodePoolError struct {
	// NodePool is its name.
	NodePool string
}

// Error names the NodePool.
func (e *UnevaluatedNodePoolError) Error() string {
	return fmt.Sprintf("nodepool %q is awaiting evaluation", e.NodePool)
}
