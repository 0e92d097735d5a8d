// SPDX-License-Identifier: Apache-2.0

package health

import (
	"regexp"
	"time"
)

// Mark says that a scope cannot be had for a while.
type Mark struct {
	// Scope is what cannot be had.
	Scope Scope
	// Reason is CamelCase, as conditions and metrics have it.
	Reason string
	// TTL is how long that is believed; more than 0.
	TTL time.Duration
}

// Entry is a mark in the record.
type Entry struct {
	Scope  Scope
	Reason string
	// Since is when the scope was marked that had not been.
	Since time.Time
	// Until is when it is over: at that moment it has no effect any more.
	Until time.Time
}

// conditionReason is what the API server admits as the reason of a condition.
var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

func (m Mark) check() error {
	err := m.Scope.problem()
	switch {
	case err != nil:
	case m.TTL <= 0:
		err = errNoTTL
	case !conditionReason.MatchString(m.Reason):
		err = errWrongReason
	default:
		return nil
	}
	return &InvalidMarkError{Mark: m, cause: err}
}

// lasting orders entries by how long they last; of equals the lesser scope goes
// first, so that there is always one that goes first (KIT-010).
func lasting(a, b *Entry) int {
	if c := b.Until.Compare(a.Until); c != 0 {
		return c
	}
	return a.Scope.compare(&b.Scope)
}
