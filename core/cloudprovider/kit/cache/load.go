// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"context"
	"fmt"
	"time"
)

// refreshFrom is the part of the TTL after which refreshes in the background may
// begin.
const refreshFrom = 0.75

// load is one read of a key. Value and err are set before done is closed.
type load[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// begin starts the load of an entry that has none under way; mu is held.
func (c *Cache[K, V]) begin(e *entry[K, V]) *load[V] {
	l := &load[V]{done: make(chan struct{})}
	if c.closed {
		l.err = ErrClosed
		close(l.done)
		return l
	}
	e.load = l
	c.loads.Add(1)
	go func() {
		defer c.loads.Done()
		ctx, cancel := context.WithTimeout(c.base, c.opts.Timeout)
		defer cancel()
		err := ErrPanicked // stands if the load ends its goroutine
		defer func() { c.end(e, l, err) }()
		err = c.read(ctx, e.key, l)
	}()
	return l
}

// read sets the value of a load and returns its error, which a panic is too.
func (c *Cache[K, V]) read(ctx context.Context, key K, l *load[V]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanicked, p)
		}
	}()
	l.value, err = c.source.Load(ctx, key)
	return err
}

// end stores what a load brought and wakes who waits for it.
func (c *Cache[K, V]) end(e *entry[K, V], l *load[V], err error) {
	age, tell := c.finish(e, l, err)
	if tell && c.source.Stale != nil {
		c.source.Stale(e.key, age, err)
	}
}

// finish reports whether a streak has begun on a value of some age.
func (c *Cache[K, V]) finish(e *entry[K, V], l *load[V], err error) (age time.Duration, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.load, l.err = nil, err
	defer close(l.done)
	switch {
	case err == nil:
		c.store(e, l.value, nil)
	case c.source.Negative != nil && c.source.Negative(err):
		c.negative(e, err)
	default:
		c.opts.Metrics.failed(c.opts.Name)
		tell = e.usable() && !e.failing
		e.failing = true
		e.retryAt = c.opts.Clock.Now().Add(c.opts.RetryAfter)
		if !e.usable() {
			c.forget(e)
		}
	}
	return c.opts.Clock.Since(e.loaded), tell
}

// negative keeps a negative answer, which replaces a value: that a thing is gone
// is no failure; mu is held.
func (c *Cache[K, V]) negative(e *entry[K, V], err error) {
	if c.opts.NegativeTTL <= 0 {
		c.forget(e)
	}
	var none V
	c.store(e, none, err)
}

// forget drops an entry that holds nothing worth keeping, unless another has taken
// its place; mu is held.
func (c *Cache[K, V]) forget(e *entry[K, V]) {
	if c.entries[e.key] == e {
		c.drop(e.key)
	}
}

// store sets what an entry holds from now on; mu is held.
func (c *Cache[K, V]) store(e *entry[K, V], value V, negative error) {
	c.keep(e)
	now := c.opts.Clock.Now()
	e.has, e.value, e.negative = true, value, negative
	e.loaded, e.failing, e.retryAt = now, false, time.Time{}
	e.due, e.expires = time.Time{}, time.Time{}
	switch {
	case negative != nil:
		e.expires = now.Add(c.opts.NegativeTTL)
	case c.opts.TTL > 0:
		e.expires = now.Add(c.opts.TTL)
		spread := refreshFrom + (1-refreshFrom)*c.opts.Random()
		e.due = now.Add(time.Duration(spread * float64(c.opts.TTL)))
	}
}
