// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"context"
	"fmt"
	"sync"
)

// Lease holds templates for a launch. Release it when the fleet has been answered.
type Lease struct {
	t       *Templates
	entries []*entry
	once    sync.Once
}

// Acquire makes sure that there is a template for each content, and holds them
// (AWS-262). Templates that are not known are looked up and made at the same time. The
// wait ends with ctx; the calls go on, for others may want the same. The error names
// the first template that failed; nothing is held then.
func (t *Templates) Acquire(ctx context.Context, contents ...Content) (*Lease, error) {
	l := &Lease{t: t}
	names, begun := make([]string, len(contents)), make([]*entry, len(contents))
	for i, c := range contents {
		var err error
		if names[i], err = c.Name(); err != nil {
			return nil, err
		}
		begun[i] = t.prepare(names[i], c)
	}
	for i, e := range begun {
		held, err := t.hold(ctx, e, names[i], contents[i])
		if err != nil {
			l.Release()
			return nil, fmt.Errorf("launch template %s: %w", names[i], err)
		}
		l.entries = append(l.entries, held)
	}
	return l, nil
}

// Release ends the hold. It may be called more than once.
func (l *Lease) Release() {
	l.once.Do(func() {
		l.t.mu.Lock()
		defer l.t.mu.Unlock()
		for _, e := range l.entries {
			e.leases--
			e.expires = l.t.opts.Clock.Now().Add(l.t.opts.TTL)
		}
	})
}

// prepare returns the entry of a template, and begins to make one that is not known,
// without waiting for it.
func (t *Templates) prepare(name string, c Content) *entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	switch {
	case e != nil:
		return e
	case t.closed:
		return &entry{err: ErrClosed}
	}
	e = &entry{}
	t.begin(name, e, func(ctx context.Context) (bool, error) {
		err := t.ensure(ctx, name, c)
		return err == nil, err
	})
	return e
}

// hold waits for a template and takes a lease on it.
func (t *Templates) hold(ctx context.Context, e *entry, name string, c Content) (*entry, error) {
	for {
		t.mu.Lock()
		busy, err, current := e.busy, e.err, t.entries[name] == e
		ready := busy == nil && err == nil && current
		if ready {
			e.leases++
			e.failed = 0
		}
		t.mu.Unlock()
		switch {
		case ready:
			return e, nil
		case err != nil:
			return nil, err
		case busy == nil: // it has been deleted, or forgotten, meanwhile
			e = t.prepare(name, c)
			continue
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// begin makes a call about an entry, which is busy until then; mu is held. The call
// says whether the template is there afterwards, and what to tell those who wait.
func (t *Templates) begin(name string, e *entry, call func(context.Context) (there bool, err error)) {
	busy := make(chan struct{})
	e.busy = busy
	t.entries[name] = e
	t.work.Go(func() {
		ctx, cancel := context.WithTimeout(t.base, t.opts.Timeout)
		defer cancel()
		there, err := call(ctx)
		t.mu.Lock()
		defer t.mu.Unlock()
		e.busy, e.err = nil, err
		if !there && t.entries[name] == e {
			delete(t.entries, name)
		}
		e.expires = t.opts.Clock.Now().Add(t.opts.TTL << min(e.failed, 6))
		close(busy)
	})
}

// Invalidate forgets templates that turned out not to exist (AWS-292), so that the
// next acquisition makes them anew.
func (t *Templates) Invalidate(names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		if e := t.entries[name]; e != nil && e.busy == nil {
			delete(t.entries, name)
		}
	}
}
