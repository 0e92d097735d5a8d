// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/reconcile/pause"
)

// Policy says what is repeated, and after which pauses. The zero value of a field
// that has a default means the default.
type Policy struct {
	// Throttled reports whether an error is worth another call.
	Throttled func(error) bool
	// After is the least pause that the cloud asks for with an error; nil or 0 means
	// that it asks for none.
	After func(error) time.Duration
	// First is the pause after the first call, before jitter; default 200 ms. It
	// doubles with each call.
	First time.Duration
	// Most bounds the pauses, but not what the cloud asks for; default 20 s.
	Most time.Duration
	// Calls bounds the calls; default 10.
	Calls int
	// Clock times the pauses.
	Clock clock.Clock
	// Random returns numbers from 0 to below 1. A pause is between half of its length
	// and all of it, one that the cloud asks for longer by up to half, but not by more
	// than half of Most. Nil means all of it, and just what the cloud asks for.
	Random func() float64
}

func (p Policy) withDefaults() Policy {
	if p.First <= 0 {
		p.First = 200 * time.Millisecond
	}
	if p.Most <= 0 {
		p.Most = 20 * time.Second
	}
	if p.Calls <= 0 {
		p.Calls = 10
	}
	return p
}

// Do makes a call until it is not throttled (CP-094). It gives up where a pause
// would outlast the context, at once and with the error of the call.
func Do[R any](ctx context.Context, p Policy, call func(ctx context.Context) (R, error)) (R, error) {
	p = p.withDefaults()
	for n := 1; ; n++ {
		result, err := call(ctx)
		if err == nil || !p.Throttled(err) {
			return result, err
		}
		rest := p.rest(n, err)
		deadline, has := ctx.Deadline()
		if n == p.Calls || has && p.Clock.Now().Add(rest).After(deadline) || !pause.For(ctx, p.Clock, rest) {
			return result, fmt.Errorf("giving up after %d throttled calls: %w", n, err)
		}
	}
}

// rest is the pause after the nth call.
func (p Policy) rest(n int, err error) time.Duration {
	rest := min(p.First, p.Most)
	for range n - 1 {
		rest = min(2*rest, p.Most)
	}
	asked, random := time.Duration(0), 0.0
	if p.After != nil {
		asked = max(0, p.After(err))
	}
	if p.Random != nil {
		random = p.Random()
	}
	upToHalf := func(d time.Duration) time.Duration { return time.Duration(float64(d/2) * random) }
	return max(rest-upToHalf(rest), asked+upToHalf(min(asked, p.Most)))
}
