// SPDX-License-Identifier: Apache-2.0

package batch

import "context"

// Caller is one who waits for its piece of an answer. A copy stands for the same
// caller.
type Caller[I, R any] struct {
	// Item is the caller's own.
	Item I

	answer func(Result[R]) bool
	waits  func() bool
}

// Answer gives the caller its result. It is false if the caller has left or has its
// result already: then what was meant for it is still whose it was.
func (c Caller[I, R]) Answer(r Result[R]) bool { return c.answer(r) }

// Waits reports whether the caller has neither left nor been answered.
func (c Caller[I, R]) Waits() bool { return c.waits() }

// Window is what one window has collected.
type Window[K comparable, I, R any] struct {
	Key K
	// Callers in the order in which they came; those who left in time are not among
	// them.
	Callers []Caller[I, R]

	requested func(callers int)
}

// Requested tells the metrics that a request for so many of the callers is made.
func (w Window[K, I, R]) Requested(callers int) { w.requested(callers) }

// NewPiecewise returns a batcher whose call decides itself which of its callers
// share a request (KIT-210). It answers each as soon as it can. It is not cancelled
// when callers leave, since what it asks for may be launched by then; what no caller
// takes is the call's to put away. Callers whom it leaves without an answer get
// ErrNoAnswer. The bound of Options.MaxConcurrent counts windows here.
func NewPiecewise[K comparable, I, R any](opts Options, call func(ctx context.Context, w Window[K, I, R])) *Batcher[K, I, R] {
	b := newBatcher[K, I, R](opts)
	b.lasting, b.tells = true, true
	b.serve = func(ctx context.Context, g *group[K, I, R]) {
		w := Window[K, I, R]{
			Key: g.key, Callers: make([]Caller[I, R], len(g.callers)),
			requested: func(n int) { b.opts.Metrics.observe(b.opts.Name, b.opts.Clock.Since(g.opened), n) },
		}
		for i, c := range g.callers {
			w.Callers[i] = Caller[I, R]{
				Item:   c.item,
				answer: func(r Result[R]) bool { return b.answer([]*caller[K, I, R]{c}, r) == 1 },
				waits:  func() bool { return b.waits(c) },
			}
		}
		call(ctx, w)
		b.fail(g, b.errorf(ErrNoAnswer))
	}
	return b
}

func (b *Batcher[K, I, R]) waits(c *caller[K, I, R]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !c.over
}
