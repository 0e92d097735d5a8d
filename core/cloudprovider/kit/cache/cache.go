// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

var (
	// ErrClosed is what a read gets that would need a load after Close.
	ErrClosed = errors.New("cache is closed")
	// ErrPanicked is what a load that panicked fails with.
	ErrPanicked = errors.New("panic in a load")
)

// Options say how long values are kept. The zero value of a field that has a
// default means the default.
type Options struct {
	// Name is the metric label "cache", and names the cache in errors.
	Name string
	// TTL is how long a value is fresh; 0 means until it is invalidated.
	TTL time.Duration
	// NegativeTTL is how long a negative answer is kept; 0 means not at all.
	NegativeTTL time.Duration
	// MaxAge is how old a stale value may be that is returned because loads fail;
	// 0 means any age.
	MaxAge time.Duration
	// RetryAfter is how long a failed load is not repeated while there is a stale
	// value, and again how long after that who asks does not wait for the repeat;
	// default 10 seconds.
	RetryAfter time.Duration
	// Timeout bounds one load; default 1 minute.
	Timeout time.Duration
	// MaxEntries bounds the values and negative answers; the one that was used longest
	// ago goes when a load has brought another. Default 1,000.
	MaxEntries int
	// Clock tells the age of values.
	Clock clock.PassiveClock
	// Random returns numbers from 0 to below 1. It spreads the refreshes of many
	// keys and processes over the last quarter of the TTL. Nil means no spread.
	Random func() float64
	// Metrics are shared by the caches of a provider; nil means none.
	Metrics *Metrics
}

func (o Options) withDefaults() Options {
	if o.RetryAfter <= 0 {
		o.RetryAfter = 10 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 1000
	}
	if o.Random == nil {
		o.Random = func() float64 { return 0 }
	}
	return o
}

// Source is where the values of a cache come from.
type Source[K comparable, V any] struct {
	// Load reads one value. Values are shared by all who ask for the key.
	Load func(ctx context.Context, key K) (V, error)
	// Negative reports whether an error tells a fact that is worth keeping. Nil
	// means none does.
	Negative func(error) bool
	// Stale is told, once for each streak, that a value of some age is used
	// because loads of its key fail. Nil means nobody is.
	Stale func(key K, age time.Duration, err error)
}

// Cache holds values by key. It is safe for concurrent use. Close it.
type Cache[K comparable, V any] struct {
	opts   Options
	source Source[K, V]
	base   context.Context
	stop   context.CancelFunc
	loads  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	entries map[K]*entry[K, V]
	used    *list.List // the entries that hold something, the last used first
}

// entry is what is known of one key. An entry that has been replaced or dropped
// is no longer in the cache; a load that it began ends in it and nowhere else.
type entry[K comparable, V any] struct {
	key      K
	at       *list.Element // its place in used; nil while it holds nothing
	has      bool          // value or negative is set
	value    V
	negative error

	loaded  time.Time
	due     time.Time // when a refresh in the background may begin
	expires time.Time // when the value is stale; zero means never
	retryAt time.Time // when to try again after a failure
	failing bool      // a streak has begun

	load *load[V] // under way
}

// New returns an empty cache.
func New[K comparable, V any](opts Options, source Source[K, V]) *Cache[K, V] {
	opts = opts.withDefaults()
	base, stop := context.WithCancel(context.Background())
	opts.Metrics.expect(opts.Name)
	return &Cache[K, V]{
		opts: opts, source: source, base: base, stop: stop,
		entries: map[K]*entry[K, V]{}, used: list.New(),
	}
}

// Get returns the value of a key. If there is none, or it is stale, it waits for a
// load, which it shares with all who ask meanwhile. The wait ends with ctx; the
// load goes on.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	c.mu.Lock()
	e := c.entry(key)
	if ready := c.ready(e); ready {
		defer c.mu.Unlock()
		return c.serve(e)
	}
	l := e.load
	if l == nil {
		l = c.begin(e)
	}
	c.mu.Unlock()

	var none V
	select {
	case <-l.done:
	case <-ctx.Done():
		return none, fmt.Errorf("reading %v from cache %q: %w", key, c.opts.Name, context.Cause(ctx))
	}
	if l.err == nil {
		c.opts.Metrics.served(c.opts.Name, 0)
		return l.value, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.usable() && !c.tooOld(e) {
		return c.serve(e)
	}
	return none, fmt.Errorf("reading %v for cache %q: %w", key, c.opts.Name, l.err)
}

// ready reports whether the entry can be served without waiting. It begins a
// refresh that is due; mu is held.
func (c *Cache[K, V]) ready(e *entry[K, V]) bool {
	now := c.opts.Clock.Now()
	fresh := e.has && (e.expires.IsZero() || now.Before(e.expires))
	switch {
	case fresh && (e.due.IsZero() || now.Before(e.due)):
		return true
	case !fresh && (!c.excused(e, now) || c.tooOld(e)):
		return false
	}
	// Near its end, or stale while loads fail: served at once, refreshed behind.
	if e.load == nil && !now.Before(e.retryAt) && !c.closed {
		c.begin(e)
	}
	return true
}

// serve returns what the entry holds; mu is held.
func (c *Cache[K, V]) serve(e *entry[K, V]) (V, error) {
	c.opts.Metrics.served(c.opts.Name, c.opts.Clock.Since(e.loaded))
	if e.negative != nil {
		var none V
		return none, e.negative
	}
	return e.value, nil
}

// excused reports whether a stale value is served at once: loads fail, as one told
// not long ago or is about to tell. A failure long ago says nothing of a load now.
func (c *Cache[K, V]) excused(e *entry[K, V], now time.Time) bool {
	return e.failing && (e.load != nil || now.Before(e.retryAt.Add(c.opts.RetryAfter)))
}

// usable reports whether the entry holds what may be used although it is stale. A
// negative answer is not: that a thing was missing says nothing of it now.
func (e *entry[K, V]) usable() bool { return e.has && e.negative == nil }

func (c *Cache[K, V]) tooOld(e *entry[K, V]) bool {
	return c.opts.MaxAge > 0 && c.opts.Clock.Since(e.loaded) > c.opts.MaxAge
}

// Known is what a cache holds of a key.
type Known[V any] struct {
	Value V
	// Err is a negative answer; Value is then the zero value.
	Err error
	// Age is the time since it was read.
	Age time.Duration
}

// Peek returns what the cache holds of a key, fresh or not, and reads nothing.
func (c *Cache[K, V]) Peek(key K) (Known[V], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, there := c.entries[key]; there && e.has {
		return Known[V]{Value: e.value, Err: e.negative, Age: c.opts.Clock.Since(e.loaded)}, true
	}
	return Known[V]{}, false
}

// Keys are those of which the cache holds something, fresh or not; the one that was
// used last comes first.
func (c *Cache[K, V]) Keys() []K {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := make([]K, 0, c.used.Len())
	for at := c.used.Front(); at != nil; at = at.Next() {
		keys = append(keys, at.Value.(*entry[K, V]).key)
	}
	return keys
}

// Put replaces what is known of a key by a value that was read otherwise, as by a
// list of all.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	c.store(c.entry(key), value, nil)
}

// Invalidate forgets a key: what was known of it is not even used as a stale
// value.
func (c *Cache[K, V]) Invalidate(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
}

// InvalidateAll forgets all keys.
func (c *Cache[K, V]) InvalidateAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.used.Init()
}

// Len is the number of entries, with those that are yet to be loaded.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// Close cancels loads and waits for them to return. What is known can still be
// read.
func (c *Cache[K, V]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.loads.Wait()
}

// entry returns the entry of a key, as the last used one; mu is held.
func (c *Cache[K, V]) entry(key K) *entry[K, V] {
	e, there := c.entries[key]
	if !there {
		e = &entry[K, V]{key: key}
		c.entries[key] = e
	}
	if e.at != nil {
		c.used.MoveToFront(e.at)
	}
	return e
}

// keep counts an entry among those that hold something, and drops another if they are
// too many; mu is held.
func (c *Cache[K, V]) keep(e *entry[K, V]) {
	if c.entries[e.key] != e || e.at != nil {
		return // it was dropped meanwhile, or counts already
	}
	e.at = c.used.PushFront(e)
	if c.used.Len() > c.opts.MaxEntries {
		c.drop(c.used.Back().Value.(*entry[K, V]).key)
	}
}

// drop removes the entry of a key; mu is held.
func (c *Cache[K, V]) drop(key K) {
	if e, there := c.entries[key]; there {
		if e.at != nil {
			c.used.Remove(e.at)
		}
		delete(c.entries, key)
	}
}
