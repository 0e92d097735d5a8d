// SPDX-License-Identifier: Apache-2.0

package health

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// DefaultMaxMarks is how many marks a record holds unless told otherwise.
const DefaultMaxMarks = 20_000

// Options is what a Record is made of.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// MaxMarks bounds the record; 0 means DefaultMaxMarks (KIT-012).
	MaxMarks int
}

// Record holds the marks of a provider. It is safe for concurrent use.
type Record struct {
	opts Options

	mu         sync.Mutex
	entries    map[Scope]*Entry
	generation uint64
	// nextEnd is not later than the first end of an entry; zero without entries.
	nextEnd time.Time
	// latest is the snapshot of the entries; nil after they changed.
	latest *Snapshot
}

// New returns a record without marks.
func New(opts Options) *Record {
	if opts.MaxMarks <= 0 {
		opts.MaxMarks = DefaultMaxMarks
	}
	return &Record{opts: opts, entries: map[Scope]*Entry{}}
}

// Mark makes a scope unavailable, or for longer if it is already (KIT-006). The
// error is an *InvalidMarkError, and nothing is marked.
func (r *Record) Mark(m Mark) error {
	if err := m.check(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Clock.Now()
	r.dropEnded(now)
	until := now.Add(m.TTL)
	if known := r.entries[m.Scope]; known != nil {
		r.prolong(known, m.Reason, until)
		return nil
	}
	if len(r.entries) >= r.opts.MaxMarks {
		r.makeRoom()
	}
	r.entries[m.Scope] = &Entry{Scope: m.Scope, Reason: m.Reason, Since: now, Until: until}
	if r.nextEnd.IsZero() || until.Before(r.nextEnd) {
		r.nextEnd = until
	}
	r.changed()
	return nil
}

// prolong replaces the entry, because snapshots share it.
func (r *Record) prolong(known *Entry, reason string, until time.Time) {
	if until.Before(known.Until) {
		return
	}
	r.entries[known.Scope] = &Entry{Scope: known.Scope, Reason: reason, Since: known.Since, Until: until}
	r.latest = nil
}

// Lift ends the mark of exactly this scope and reports whether there was one
// (KIT-011).
func (r *Record) Lift(scope Scope) bool {
	return r.LiftIf(func(e Entry) bool { return e.Scope == scope }) > 0
}

// LiftIf ends every mark that satisfies the condition and returns how many those
// were. The condition must not call the record.
func (r *Record) LiftIf(condition func(Entry) bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropEnded(r.opts.Clock.Now())
	before := len(r.entries)
	maps.DeleteFunc(r.entries, func(_ Scope, e *Entry) bool { return condition(*e) })
	lifted := before - len(r.entries)
	if lifted > 0 {
		r.changed()
	}
	return lifted
}

// Flush ends every mark.
func (r *Record) Flush() { r.LiftIf(func(Entry) bool { return true }) }

// Generation changes whenever an answer can have changed, the end of marks
// included (KIT-008).
func (r *Record) Generation() uint64 { return r.Snapshot().generation }

// Snapshot returns the answers of this moment.
func (r *Record) Snapshot() *Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropEnded(r.opts.Clock.Now())
	if r.latest == nil {
		r.latest = newSnapshot(r.generation, slices.Collect(maps.Values(r.entries)))
	}
	return r.latest
}

// dropEnded forgets what is over.
func (r *Record) dropEnded(now time.Time) {
	if r.nextEnd.IsZero() || now.Before(r.nextEnd) {
		return
	}
	before := len(r.entries)
	r.nextEnd = time.Time{}
	for scope, e := range r.entries {
		if !now.Before(e.Until) {
			delete(r.entries, scope)
		} else if r.nextEnd.IsZero() || e.Until.Before(r.nextEnd) {
			r.nextEnd = e.Until
		}
	}
	if len(r.entries) < before {
		r.changed()
	}
}

// makeRoom drops one mark and a sixteenth of the others, those that end first.
func (r *Record) makeRoom() {
	byEnd := slices.SortedFunc(maps.Values(r.entries), lasting)
	keep := len(byEnd) - 1 - len(byEnd)/16
	for _, e := range byEnd[keep:] {
		delete(r.entries, e.Scope)
	}
}

func (r *Record) changed() {
	r.generation++
	r.latest = nil
}
