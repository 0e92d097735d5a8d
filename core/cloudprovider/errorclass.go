// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"errors"
	"unicode/utf8"
)

// ErrorClass is what core does about an error (CP-042).
type ErrorClass int

// The classes, by precedence where one error holds several.
const (
	// ClassOther covers every error without a class, and nil.
	ClassOther ErrorClass = iota
	ClassInsufficientCapacity
	ClassNodeClassNotReady
	ClassCreateError
	ClassNodeClaimNotFound
	ClassUnevaluatedNodePool
)

// ClassOf recognizes the class of an error through any wrapping.
func ClassOf(err error) ErrorClass {
	switch {
	case IsInsufficientCapacityError(err):
		return ClassInsufficientCapacity
	case IsNodeClassNotReadyError(err):
		return ClassNodeClassNotReady
	case is[*CreateError](err):
		return ClassCreateError
	case IsNodeClaimNotFoundError(err):
		return ClassNodeClaimNotFound
	case IsUnevaluatedNodePoolError(err):
		return ClassUnevaluatedNodePool
	}
	return ClassOther
}

// IsInsufficientCapacityError looks through any wrapping.
func IsInsufficientCapacityError(err error) bool { return is[*InsufficientCapacityError](err) }

// IsNodeClassNotReadyError looks through any wrapping.
func IsNodeClassNotReadyError(err error) bool { return is[*NodeClassNotReadyError](err) }

// IsNodeClaimNotFoundError looks through any wrapping.
func IsNodeClaimNotFoundError(err error) bool { return is[*NodeClaimNotFoundError](err) }

// IsUnevaluatedNodePoolError looks through any wrapping.
func IsUnevaluatedNodePoolError(err error) bool { return is[*UnevaluatedNodePoolError](err) }

// AsCreateError finds a CreateError through any wrapping.
func AsCreateError(err error) (*CreateError, bool) {
	var e *CreateError
	found := errors.As(err, &e)
	return e, found
}

// IgnoreNodeClaimNotFoundError returns nil for a NodeClaimNotFoundError and
// every other error as it is.
func IgnoreNodeClaimNotFoundError(err error) error {
	if IsNodeClaimNotFoundError(err) {
		return nil
	}
	return err
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// cut shortens a text to limit bytes and "...", between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "..."
}
