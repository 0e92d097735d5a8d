// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

var (
	// ErrClosed is what callers get from a batcher that is shut down.
	ErrClosed = errors.New("batcher is closed")
	// ErrNoAnswer is what callers get whose item the answer does not tell of.
	ErrNoAnswer = errors.New("no answer for this item")
	// ErrTooFew is what callers of a launch get that brought fewer machines than
	// callers, and no error that says why (CP-091).
	ErrTooFew = errors.New("too few instances returned")
	// ErrPanicked is what callers get whose request panicked.
	ErrPanicked = errors.New("panic in a batched call")
)

// Options say how callers are collected. The zero value of a field that has a
// default means the default.
type Options struct {
	// Name is the metric label "batcher", and names the batcher in errors.
	Name string
	// Idle closes a window in which nobody came for so long.
	Idle time.Duration
	// MaxWait closes a window that has been open for so long.
	MaxWait time.Duration
	// MaxItems closes a window with so many callers; 0 means no bound.
	MaxItems int
	// MaxConcurrent is how many groups may have a request under way; default 100
	// (CP-090). A group that waits for its turn goes on collecting.
	MaxConcurrent int
	// Timeout bounds one request; default 5 minutes, which is as long as a launch
	// may take (CP-023). One that does not heed its context has its callers failed 10
	// seconds later.
	Timeout time.Duration
	// Clock times the windows.
	Clock clock.WithTicker
	// Metrics are shared by the batchers of a provider; nil means none.
	Metrics *Metrics
}

func (o Options) withDefaults() Options {
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = 100
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	return o
}

// Result is the answer to one item.
type Result[R any] struct {
	Value R
	Err   error
}

// Batcher serves callers that have a key and an item each, in groups of equal
// keys. It is safe for concurrent use. Close it.
type Batcher[K comparable, I, R any] struct {
	opts Options
	// serve makes the request of a group and settles it.
	serve func(ctx context.Context, g *group[K, I, R])
	// surplus takes what was launched and no caller is left for; nil for requests
	// that launch nothing, or see to that themselves.
	surplus func(key K, values []R)
	// lasting requests are not given up once nobody waits for them.
	lasting bool
	// tells is whether serve observes the metrics of its requests.
	tells bool

	slots   chan struct{} // one for each request under way
	closing chan struct{} // closed by Close: windows end
	giveUp  context.Context
	abandon context.CancelCauseFunc // ends requests that outlast Close

	mu     sync.Mutex
	closed bool
	open   map[K]*group[K, I, R] // those that still collect
	groups sync.WaitGroup
}

func newBatcher[K comparable, I, R any](opts Options) *Batcher[K, I, R] {
	opts = opts.withDefaults()
	giveUp, abandon := context.WithCancelCause(context.Background())
	return &Batcher[K, I, R]{
		opts:    opts,
		slots:   make(chan struct{}, opts.MaxConcurrent),
		closing: make(chan struct{}),
		giveUp:  giveUp,
		abandon: abandon,
		open:    map[K]*group[K, I, R]{},
	}
}

// New returns a batcher for calls that answer item by item: call returns the
// results in the order of the items. Items are in the order of their callers.
func New[K comparable, I, R any](opts Options, call func(ctx context.Context, key K, items []I) []Result[R]) *Batcher[K, I, R] {
	b := newBatcher[K, I, R](opts)
	b.serve = func(ctx context.Context, g *group[K, I, R]) {
		results := call(ctx, g.key, g.items())
		b.settle(g, func(i int) Result[R] {
			if i < len(results) {
				return results[i]
			}
			return Result[R]{Err: ErrNoAnswer}
		})
	}
	return b
}

// Do waits for the result of an item, which shares its request with others of
// the same key. The wait ends with ctx at once, and leaves the others as they are
// (CP-092); a result that is there by then is returned all the same.
func (b *Batcher[K, I, R]) Do(ctx context.Context, key K, item I) (R, error) {
	var none R
	if err := ctx.Err(); err != nil {
		return none, b.errorf(context.Cause(ctx))
	}
	c, err := b.join(key, item)
	if err != nil {
		return none, b.errorf(err)
	}
	select {
	case r := <-c.result:
		return r.Value, r.Err
	case <-ctx.Done():
	}
	if r, there := b.leave(c); there {
		return r.Value, r.Err
	}
	return none, b.errorf(context.Cause(ctx))
}

func (b *Batcher[K, I, R]) errorf(err error) error {
	return fmt.Errorf("waiting for batch %q: %w", b.opts.Name, err)
}

// Close refuses new callers, has the requests of those collected so far made, and
// waits for the answers. When ctx ends first, requests under way are cancelled,
// those not begun are not made, and their callers get ErrClosed; Close still
// waits for the calls to return, and then reports why it hurried.
func (b *Batcher[K, I, R]) Close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.closing)
	}
	b.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { b.abandon(ErrClosed) })
	b.groups.Wait()
	inTime := stop()
	b.abandon(ErrClosed)
	if !inTime {
		return fmt.Errorf("closing batcher %q: requests were cancelled: %w", b.opts.Name, context.Cause(ctx))
	}
	return nil
}
