// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"time"
)

// MinimumGrace is the shortest grace of a forced deletion. Zero would take the
// pod out of the API before its containers have ended.
const MinimumGrace = time.Second

// Deadline reads the time by which a node is given up. annotation is what the
// NodeClaim carries, empty for nothing; fallback is the deadline that follows
// from its deletion and its grace period. An annotation that is no RFC 3339
// time gives the fallback and an error to be published: it must not stall the
// termination (LIF-165).
func Deadline(annotation string, fallback time.Time) (time.Time, error) {
	if annotation == "" {
		return time.Time{}, nil
	}
	deadline, err := time.Parse(time.RFC3339, annotation)
	if err != nil {
		return fallback, fmt.Errorf("parsing termination deadline %q: %w", annotation, err)
	}
	return deadline, nil
}

// Earlier returns the tighter of two deadlines.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// MustDelete reports whether the pod has to be deleted now to be gone by the
// deadline (LIF-160). Whether the deadline applies to the pod is for
// [Pod.Waiting] to say.
func MustDelete(p Pod, deadline, now time.Time) bool {
	if deadline.IsZero() {
		return false
	}
	if p.Terminating() {
		return p.Deletion.After(deadline)
	}
	return p.HasGrace && now.After(deadline.Add(-p.Grace))
}

// UntilMustDelete returns how long after now [MustDelete] turns true for a pod
// that is not terminating, and false when the passing of time alone will not do
// it.
func UntilMustDelete(p Pod, deadline, now time.Time) (time.Duration, bool) {
	if deadline.IsZero() || p.Terminating() || !p.HasGrace {
		return 0, false
	}
	return max(deadline.Add(-p.Grace).Sub(now)+time.Nanosecond, 0), true
}

// ForcedGrace is the grace of a forced deletion: what is left until the
// deadline in whole seconds, and never less than [MinimumGrace].
func ForcedGrace(deadline, now time.Time) time.Duration {
	return max(deadline.Sub(now).Truncate(time.Second), MinimumGrace)
}
