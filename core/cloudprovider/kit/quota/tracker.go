// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/internal/inflight"
)

// DefaultRetention is how long a reading holds unless told otherwise.
const DefaultRetention = 15 * time.Minute

// Options is what a Tracker is made of.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// Lag is how late the cloud's usage may be behind a successful launch; 0 means
	// 1 minute (KIT-031).
	Lag time.Duration
	// Hold bounds how long a launch is counted; 0 means 15 minutes.
	Hold time.Duration
	// Retention is how long a reading holds; 0 means DefaultRetention (KIT-034).
	Retention time.Duration
}

// Limit is a limit as the cloud reports it.
type Limit struct {
	// Name is unique among the limits of a reading.
	Name string
	// Max is what the account may have; Used is what it has. Neither is negative.
	Max, Used int64
}

// ErrEmpty says that a reading has no limits.
var ErrEmpty = errors.New("it has no limits")

// Tracker holds the limits of an account. It is safe for concurrent use.
type Tracker struct {
	opts Options

	mu     sync.Mutex
	limits map[string]Limit
	// began is when the reading began that the limits are of; zero without one.
	began time.Time
	// refused are what refusals have taught, by limit.
	refused    map[string]refusal
	book       *inflight.Book
	generation uint64
	// latest is the snapshot; nil after something changed.
	latest *Snapshot
}

// refusal is that more of a limit was in use at a time than a reading had said.
type refusal struct {
	used int64
	at   time.Time
}

// New returns a tracker that knows no limit.
func New(opts Options) *Tracker {
	if opts.Retention <= 0 {
		opts.Retention = DefaultRetention
	}
	return &Tracker{opts: opts, refused: map[string]refusal{}, book: inflight.New(inflight.Terms{Lag: opts.Lag, Hold: opts.Hold})}
}

// Read replaces the limits by a reading of all of them that began at a time. One
// that began before the reading at hand is ignored; one without limits, or with
// limits that cannot be, is an error and changes nothing (KIT-034).
func (t *Tracker) Read(began time.Time, limits []Limit) error {
	next, err := byName(limits)
	if err != nil {
		return fmt.Errorf("reading the quota: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	if began.Before(t.began) {
		return nil
	}
	t.recall(began, next)
	changed := !maps.Equal(t.limits, next)
	for name := range next {
		changed = t.book.Read(name, began) || changed
	}
	t.limits, t.began = next, began
	if changed {
		t.changed()
	}
	t.expire() // a reading may be old already
	return nil
}

// recall keeps what refusals have taught since a reading began.
func (t *Tracker) recall(began time.Time, next map[string]Limit) {
	for name, r := range t.refused {
		if !began.Before(r.at) {
			delete(t.refused, name)
			continue
		}
		if limit, there := next[name]; there {
			limit.Used = max(limit.Used, r.used)
			next[name] = limit
		}
	}
}

func byName(limits []Limit) (map[string]Limit, error) {
	if len(limits) == 0 {
		return nil, ErrEmpty
	}
	out := make(map[string]Limit, len(limits))
	for _, l := range limits {
		if _, twice := out[l.Name]; twice || l.Name == "" {
			return nil, fmt.Errorf("limit %q: the name is empty or given twice", l.Name)
		}
		if l.Max < 0 || l.Used < 0 {
			return nil, fmt.Errorf("limit %q: max %d or used %d is negative", l.Name, l.Max, l.Used)
		}
		out[l.Name] = l
	}
	return out, nil
}

// Begin takes quota for a launch before it is asked for. The error is an
// *ExceededError if what is left does not suffice; nothing is taken then
// (KIT-033). Launches are told apart by an identity of the provider's, such as
// the UID of the NodeClaim.
func (t *Tracker) Begin(launch string, needs Needs) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	for _, need := range needs {
		if short, ok := t.short(needs, need.Limit, launch); ok {
			return &ExceededError{Shortage: short}
		}
	}
	t.book.Begin(launch, needs.amounts(), t.opts.Clock.Now())
	t.changed()
	return nil
}

// Settle counts what a launch took that succeeded, until the cloud's usage must
// contain it.
func (t *Tracker) Settle(launch string, needs Needs) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.book.Settle(launch, needs.amounts(), t.opts.Clock.Now())
	t.changed()
}

// Release gives back what a failed launch took.
func (t *Tracker) Release(launch string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.book.Release(launch) {
		t.changed()
	}
}

// Refused tells that the cloud refused to let a launch take so much of a limit, which by
// the figures it could have. So somebody else uses more than they say, and less than the
// need is left, until a reading that begins later (KIT-034). The launch that was refused
// is released first.
func (t *Tracker) Refused(name string, need int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	limit, known := t.limits[name]
	if !known || need <= 0 {
		return
	}
	used := limit.Max - (need - 1) - t.book.Settled(name)
	if used <= limit.Used {
		return
	}
	limit.Used = used
	t.limits[name] = limit
	t.refused[name] = refusal{used: used, at: t.opts.Clock.Now()}
	t.changed()
}

// short reports whether too little is left of a limit, launches other than this
// one counted.
func (t *Tracker) short(needs Needs, name, launch string) (Shortage, bool) {
	limit, known := t.limits[name]
	if !known {
		return Shortage{}, false
	}
	short := Shortage{Limit: limit, Need: needs.of(name), InFlight: t.book.TotalBut(name, launch)}
	return short, short.Need > short.Left()
}

// Snapshot returns the answers of this moment.
func (t *Tracker) Snapshot() *Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.snapshot()
}

// Counted returns the answers of this moment with the launches that are in flight in
// them: what is left is without what these take, and with what any other will.
func (t *Tracker) Counted() (s *Snapshot, launches map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s = t.snapshot() // first: it drops what has ended
	return s, t.book.Launches()
}

func (t *Tracker) snapshot() *Snapshot {
	t.expire()
	if t.latest == nil {
		t.latest = &Snapshot{generation: t.generation, limits: make(map[string]Shortage, len(t.limits))}
		for name, limit := range t.limits {
			t.latest.limits[name] = Shortage{Limit: limit, InFlight: t.book.Total(name)}
		}
	}
	return t.latest
}

// expire drops what time has ended.
func (t *Tracker) expire() {
	now := t.opts.Clock.Now()
	ended := t.book.Expire(now)
	if len(t.limits) > 0 && !now.Before(t.began.Add(t.opts.Retention)) {
		t.limits, ended = nil, true
	}
	if ended {
		t.changed()
	}
}

func (t *Tracker) changed() {
	t.generation++
	t.latest = nil
}
