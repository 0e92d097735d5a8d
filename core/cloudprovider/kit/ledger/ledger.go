// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

var (
	// ErrOpen says that an earlier launch for the NodeClaim may still bring a
	// machine. It is worth trying again.
	ErrOpen = errors.New("an earlier launch may still bring a machine")
	// ErrFull says that more launches are open or remembered than the ledger holds.
	ErrFull = errors.New("launch ledger is full")
	// ErrClosed is what launches get after Close.
	ErrClosed = errors.New("launch ledger is closed")
	// ErrPanicked is what a launch or a look-up that panicked fails with.
	ErrPanicked = errors.New("panic in a launch")
)

// Cloud is what the ledger asks a provider. Machines are of the provider's own
// type M.
type Cloud[M any] struct {
	// Find returns the machines that carry the UID as a tag and are neither
	// terminating nor gone. It may miss machines younger than Options.Appears.
	Find func(ctx context.Context, uid types.UID) ([]M, error)
	// ProviderID of a machine; unique.
	ProviderID func(machine M) string
	// Refused reports whether the error of a launch says for sure that it brought no
	// machine: a lack of capacity, a denied or throttled request. A time-out does
	// not.
	Refused func(err error) bool
}

// Options of a ledger. The zero value of a field that has a default means the
// default.
type Options struct {
	// Idempotent says that the cloud takes two requests with the same token for one.
	Idempotent bool
	// Appears is how long after its request ended a machine may still be missing
	// from Find; default 1 minute.
	Appears time.Duration
	// KeepFor is how long a NodeClaim is remembered after its last launch; default
	// 1 hour, as core remembers results of Create (LIF-009).
	KeepFor time.Duration
	// Timeout bounds look-up and launch together; default 5 minutes (CP-023).
	Timeout time.Duration
	// Outlasts is how long a request may go on after its launch returned because
	// Timeout was over, as that of a batch does when a caller leaves: what bounds one
	// request of the batcher. Default 5 minutes, as there.
	Outlasts time.Duration
	// MaxEntries bounds the NodeClaims remembered; default 100,000. Beyond it
	// launches fail with ErrFull: to forget one that is open could launch twice.
	MaxEntries int
	// Clock tells how long ago something was asked.
	Clock clock.PassiveClock
}

func (o Options) withDefaults() Options {
	if o.Appears <= 0 {
		o.Appears = time.Minute
	}
	if o.KeepFor <= 0 {
		o.KeepFor = time.Hour
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Outlasts <= 0 {
		o.Outlasts = 5 * time.Minute
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 100_000
	}
	return o
}

// Ledger knows what came of the launches of this process. It is safe for
// concurrent use. Close it.
type Ledger[M any] struct {
	opts  Options
	cloud Cloud[M]
	base  context.Context
	stop  context.CancelFunc

	mu       sync.Mutex
	closed   bool
	start    time.Time // of the first use
	entries  map[types.UID]*entry[M]
	tidied   time.Time // when entries were last looked through for old ones
	launches sync.WaitGroup
}

// entry is what is known of one NodeClaim; the ledger's lock guards it.
type entry[M any] struct {
	uid  types.UID
	used time.Time

	flight *flight[M] // a launch is under way

	answered  bool // machine is what a launch returned or adopted
	machine   M
	at        time.Time // when that was
	delivered bool      // a caller got it

	open   map[string]time.Time // open asks by token: when they ended at the latest
	doomed map[string]doomed[M] // by provider ID, what Collect gave out
	lost   int                  // machines that were answered and then gone
}

// doomed is a machine that is to be ended, and since when.
type doomed[M any] struct {
	machine M
	since   time.Time
}

// void reports whether nothing is lost with the entry but a machine that the cloud
// knows too; mu is held.
func (e *entry[M]) void() bool {
	return e.flight == nil && len(e.open) == 0 && len(e.doomed) == 0
}

// New returns a ledger that knows nothing yet. Only a process that leads may use
// it: until then another may launch. The first use of Launch, Launched or Collect
// is taken for the moment from which no other does.
func New[M any](opts Options, cloud Cloud[M]) *Ledger[M] {
	opts = opts.withDefaults()
	base, stop := context.WithCancel(context.Background())
	return &Ledger[M]{
		opts: opts, cloud: cloud, base: base, stop: stop,
		entries: map[types.UID]*entry[M]{}, tidied: opts.Clock.Now(),
	}
}

// Close refuses launches, waits for those under way, and cancels them when ctx
// ends. Those that are cancelled are open for the next process.
func (l *Ledger[M]) Close(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, l.stop)
	defer stop()
	l.launches.Wait()
	l.stop()
}

// Ended forgets a NodeClaim whose machine is known to be gone, or that is gone
// itself after its machine was asked to end. A launch under way or open is not
// forgotten, nor a machine that Collect gave out and that may not be gone yet.
func (l *Ledger[M]) Ended(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, known := l.entries[uid]; known && e.void() {
		delete(l.entries, uid)
	}
}

// Len is the number of NodeClaims remembered.
func (l *Ledger[M]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// entry returns the entry of a UID, a new one if there is none; mu is held.
func (l *Ledger[M]) entry(uid types.UID) (*entry[M], error) {
	now := l.opts.Clock.Now()
	if e, known := l.entries[uid]; known {
		e.used = now
		return e, nil
	}
	full := len(l.entries) >= l.opts.MaxEntries
	if since := now.Sub(l.tidied); since >= l.opts.KeepFor/10 || full && since >= tidyPause {
		l.tidy(now)
	}
	if len(l.entries) >= l.opts.MaxEntries {
		return nil, fmt.Errorf("remembering the launch for NodeClaim UID %s: %w", uid, ErrFull)
	}
	e := &entry[M]{uid: uid, used: now, open: map[string]time.Time{}, doomed: map[string]doomed[M]{}}
	l.entries[uid] = e
	return e, nil
}

// tidyPause is how often a full ledger is looked through: each look is at all
// entries.
const tidyPause = time.Second

// tidy drops entries that nobody has used for long; mu is held.
func (l *Ledger[M]) tidy(now time.Time) {
	l.tidied = now
	for uid, e := range l.entries {
		if e.flight == nil && len(e.doomed) == 0 && now.Sub(e.used) >= l.opts.KeepFor {
			delete(l.entries, uid)
		}
	}
}

// begin notes the first use: a ledger may be made long before its process leads;
// mu is held.
func (l *Ledger[M]) begin() {
	if l.start.IsZero() {
		l.start = l.opts.Clock.Now()
	}
}

// mayMiss reports whether a look-up made at some time may miss what happened then.
func (l *Ledger[M]) mayMiss(lookedUp, then time.Time) bool {
	return lookedUp.Sub(then) < l.opts.Appears
}

// settle drops the asks that a look-up made at some time would have shown; mu is
// held.
func (l *Ledger[M]) settle(e *entry[M], lookedUp time.Time) {
	for token, ended := range e.open {
		if !l.mayMiss(lookedUp, ended) {
			delete(e.open, token)
		}
	}
}

// find asks the cloud, and says when it was asked. A panic is an error.
func (l *Ledger[M]) find(ctx context.Context, uid types.UID) (machines []M, at time.Time, err error) {
	at = l.opts.Clock.Now()
	machines, err = guarded(func() ([]M, error) { return l.cloud.Find(ctx, uid) })
	if err != nil {
		return nil, at, fmt.Errorf("looking for machines of NodeClaim UID %s: %w", uid, err)
	}
	return machines, at, nil
}

func guarded[R any](call func() (R, error)) (r R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanicked, p)
		}
	}()
	return call()
}
