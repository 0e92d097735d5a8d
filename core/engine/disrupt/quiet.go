// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// Quiet is what tells whether a node has been quiet for long enough to be
// consolidated.
type Quiet struct {
	// Static is set for a node of a static pool.
	Static bool
	// Initialized is the condition of the NodeClaim, InitializedAt the time of
	// its last transition.
	Initialized   bool
	InitializedAt time.Time
	// LastPodEvent is when a pod last came to the node or left it; zero for
	// never.
	LastPodEvent time.Time
	// After is how long the pool asks a node to be quiet; Never turns
	// consolidation off.
	After time.Duration
	Never bool
}

// Consolidatable reports whether the node has been quiet for long enough, or
// else after what time it will have been; zero when time alone does not change
// the answer (DIS-003, DIS-004, DIS-006).
func (q Quiet) Consolidatable(now time.Time) (yes bool, wait time.Duration) {
	if q.Static || q.Never || !q.Initialized {
		return false, 0
	}
	since := q.LastPodEvent
	if since.IsZero() {
		since = q.InitializedAt
	}
	if wait = q.After - now.Sub(since); wait > 0 {
		return false, wait
	}
	return true, 0
}
