// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// group is the callers that one request serves. Its fields are guarded by the
// batcher's lock; once the request is under way, callers no longer changes.
type group[K comparable, I, R any] struct {
	key     K
	opened  time.Time
	callers []*caller[K, I, R]
	waiting int // callers that have neither left nor been answered

	came   chan struct{}      // somebody came: the idle gap begins anew
	full   chan struct{}      // closed when no more callers fit
	nobody context.CancelFunc // ends the request when nobody waits for it; nil before
}

// caller is one call of Do.
type caller[K comparable, I, R any] struct {
	group  *group[K, I, R]
	item   I
	result chan Result[R] // holds one
	over   bool           // answered, or gone
}

func (g *group[K, I, R]) items() []I {
	items := make([]I, len(g.callers))
	for i, c := range g.callers {
		items[i] = c.item
	}
	return items
}

// join adds a caller to the open group of its key, or opens one.
func (b *Batcher[K, I, R]) join(key K, item I) (*caller[K, I, R], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	g, open := b.open[key]
	if !open {
		g = &group[K, I, R]{key: key, opened: b.opts.Clock.Now(), came: make(chan struct{}, 1), full: make(chan struct{})}
		b.open[key] = g
		b.groups.Add(1)
		go b.run(g)
	}
	c := &caller[K, I, R]{group: g, item: item, result: make(chan Result[R], 1)}
	g.callers = append(g.callers, c)
	g.waiting++
	if b.opts.MaxItems > 0 && len(g.callers) >= b.opts.MaxItems {
		delete(b.open, key)
		close(g.full)
		return c, nil
	}
	select {
	case g.came <- struct{}{}:
	default: // the window has yet to see the one before
	}
	return c, nil
}

// leave ends the wait of a caller. If its result is there already, that is
// returned: what was launched for it is not lost.
func (b *Batcher[K, I, R]) leave(c *caller[K, I, R]) (Result[R], bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.over {
		return <-c.result, true
	}
	b.over(c)
	return Result[R]{}, false
}

// over counts a caller out; b.mu is held.
func (b *Batcher[K, I, R]) over(c *caller[K, I, R]) {
	c.over = true
	c.group.waiting--
	if c.group.waiting == 0 && c.group.nobody != nil && !b.lasting {
		c.group.nobody()
	}
}

// run is the life of a group: window, queue, request.
func (b *Batcher[K, I, R]) run(g *group[K, I, R]) {
	defer b.groups.Done()
	b.window(g)
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-b.giveUp.Done():
	}
	ctx, cancel := context.WithTimeout(b.giveUp, b.opts.Timeout)
	defer cancel()
	switch callers := b.begin(g, cancel); {
	case callers == 0: // all have left
	case b.giveUp.Err() != nil:
		b.fail(g, b.errorf(ErrClosed))
	default:
		if !b.tells {
			b.opts.Metrics.observe(b.opts.Name, b.opts.Clock.Since(g.opened), callers)
		}
		b.await(ctx, g)
	}
}

// grace is how long a request has to return after it was cancelled.
const grace = 10 * time.Second

// await returns when the request has returned, or does not although it should have:
// then its callers get an error, and its slot is free. What it brings later counts as
// that for callers who left.
func (b *Batcher[K, I, R]) await(ctx context.Context, g *group[K, I, R]) {
	returned := make(chan struct{})
	b.groups.Go(func() {
		defer close(returned)
		b.call(ctx, g)
	})
	select {
	case <-returned:
		return
	case <-ctx.Done():
	}
	late := b.opts.Clock.NewTimer(grace)
	defer late.Stop()
	select {
	case <-returned:
	case <-late.C():
		b.fail(g, b.errorf(context.Cause(ctx)))
	}
}

// window returns when the group is to be served.
func (b *Batcher[K, I, R]) window(g *group[K, I, R]) {
	idle, most := b.opts.Clock.NewTimer(b.opts.Idle), b.opts.Clock.NewTimer(b.opts.MaxWait)
	defer func() { idle.Stop(); most.Stop() }()
	for {
		select {
		case <-g.came:
			idle.Stop()
			idle = b.opts.Clock.NewTimer(b.opts.Idle)
		case <-idle.C():
			return
		case <-most.C():
			return
		case <-g.full:
			return
		case <-b.closing:
			return
		}
	}
}

// begin ends the collecting. Callers that have left are dropped; it returns how
// many are left to make a request for. From now on the last of them to leave
// calls nobody.
func (b *Batcher[K, I, R]) begin(g *group[K, I, R], nobody context.CancelFunc) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[g.key] == g {
		delete(b.open, g.key)
	}
	g.nobody = nobody
	g.callers = slices.DeleteFunc(g.callers, func(c *caller[K, I, R]) bool { return c.over })
	return len(g.callers)
}

// call makes the request. A panic, and an end of the goroutine, are errors for
// whoever still waits.
func (b *Batcher[K, I, R]) call(ctx context.Context, g *group[K, I, R]) {
	returned := false
	defer func() {
		if !returned {
			b.fail(g, fmt.Errorf("batch %q: %w: %v", b.opts.Name, ErrPanicked, recover()))
		}
	}()
	b.serve(ctx, g)
	returned = true
}

// settle gives each caller that still waits its result, by its position.
func (b *Batcher[K, I, R]) settle(g *group[K, I, R], result func(i int) Result[R]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range g.callers {
		if !c.over {
			c.result <- result(i)
			b.over(c)
		}
	}
}

// answer gives some callers their result, if they still wait, and returns how many
// did.
func (b *Batcher[K, I, R]) answer(callers []*caller[K, I, R], r Result[R]) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := 0
	for _, c := range callers {
		if !c.over {
			c.result <- r
			b.over(c)
			took++
		}
	}
	return took
}

func (b *Batcher[K, I, R]) fail(g *group[K, I, R], err error) {
	b.settle(g, func(int) Result[R] { return Result[R]{Err: err} })
}
