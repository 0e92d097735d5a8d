// SPDX-License-Identifier: Apache-2.0

// Package setbacks remembers of which node pools commands have failed, so that these
// are left alone for a while: what fails again and again must not cost a machine each
// time, nor keep others from their turn (DIS-113, DIS-173). It is in memory only.
//
// Imports of this module nothing but the engine's package disrupt.
package setbacks

import (
	"math/rand/v2"
	"sync"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

const (
	shortest = time.Minute
	longest  = 10 * time.Minute
)

// Ledger has the setbacks of all pools. Safe for concurrent use.
type Ledger struct {
	// Random returns a number from 0 to 1; nil for an arbitrary one.
	Random func() float64

	mu    sync.Mutex
	pools map[key]setback
}

// key tells pools and reasons apart.
type key struct {
	pool   string
	reason disrupt.Reason
}

// setback is how a pool has fared.
type setback struct {
	level int
	until time.Time
}

// Failed notes that a command about nodes of a pool failed. It reports how long the
// pool rests from now on; zero if it does so already.
func (l *Ledger) Failed(pool string, reason disrupt.Reason, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pools == nil {
		l.pools = map[key]setback{}
	}
	k := key{pool, reason}
	s := l.pools[k]
	if now.Before(s.until) {
		return 0
	}
	s.level++
	wait := min(shortest<<min(s.level-1, 10), longest)
	wait = wait/2 + time.Duration(l.random()*float64(wait/2))
	s.until = now.Add(wait)
	l.pools[k] = s
	return wait
}

func (l *Ledger) random() float64 {
	if l.Random != nil {
		return l.Random()
	}
	return rand.Float64()
}

// Succeeded forgets the setbacks of a pool.
func (l *Ledger) Succeeded(pool string, reason disrupt.Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pools, key{pool, reason})
}

// Rests is how long a pool is still to be left alone for a reason; zero if it is not.
func (l *Ledger) Rests(pool string, reason disrupt.Reason, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.pools[key{pool, reason}].until.Sub(now))
}
