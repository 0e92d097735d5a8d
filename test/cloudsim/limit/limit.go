// SPDX-License-Identifier: Apache-2.0

// Package limit throttles calls with token buckets, one per account and call, or
// per group of calls that share one.
//
// # What it holds
//
// [Limits] maps calls to buckets; the figures are the cloud's ([Rate]).
//
// # What it never does
//
// It answers nothing: the cloud has its own error for a call that is refused. It
// reads no clock.
package limit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a bucket's size and how many tokens per second flow back into it.
type Rate struct {
	Burst  int     `json:"burst"`
	Refill float64 `json:"refill"`
}

// Limits are the buckets of an account.
type Limits struct {
	mu      sync.Mutex
	rates   map[string]Rate
	buckets map[string]*rate.Limiter
}

// New returns limits by name of a call; calls without one are free.
func New(rates map[string]Rate) *Limits {
	l := &Limits{rates: map[string]Rate{}, buckets: map[string]*rate.Limiter{}}
	for name, r := range rates {
		l.rates[name] = r
	}
	return l
}

// Set changes a call's rate and fills its bucket.
func (l *Limits) Set(call string, r Rate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates[call] = r
	delete(l.buckets, call)
}

// Allow takes n tokens from the bucket of a call; false: throttled, and none is
// taken.
func (l *Limits) Allow(call string, n int, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.rates[call]
	if !ok {
		return true
	}
	bucket := l.buckets[call]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(r.Refill), r.Burst)
		l.buckets[call] = bucket
	}
	return bucket.AllowN(now, n)
}
