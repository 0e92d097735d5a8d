// SPDX-License-Identifier: Apache-2.0

package tag

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// forgotten is how long after its turn a NodeClaim is taken for gone.
const forgotten = 10 * time.Minute

// turns gives each NodeClaim a moment of its own for its call, so that those that
// wait come back once and not all at the same time (KIT-141).
type turns struct {
	every time.Duration

	mu sync.Mutex
	// given are the moments of those that wait.
	given map[types.UID]time.Time
	// next is when the first moment is that nobody has yet; free is when the next
	// call may be made.
	next, free time.Time
}

// take returns how long until the NodeClaim's call may be made; zero takes the turn.
func (t *turns) take(uid types.UID, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, waits := t.given[uid]
	if !waits {
		t.forget(now)
		at = later(now, t.next)
		t.next = at.Add(t.every)
	}
	if at = later(at, t.free); at.After(now) { // the turn before was taken late
		t.given[uid] = at
		return at.Sub(now)
	}
	delete(t.given, uid)
	t.free = now.Add(t.every)
	return 0
}

// leave gives up the turn of a NodeClaim.
func (t *turns) leave(uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.given, uid)
}

// forget drops the turns of NodeClaims that did not come.
func (t *turns) forget(now time.Time) {
	maps.DeleteFunc(t.given, func(_ types.UID, at time.Time) bool { return now.Sub(at) > forgotten })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
