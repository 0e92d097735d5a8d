// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Request is a launch for one NodeClaim.
type Request[M any] struct {
	// UID of the NodeClaim.
	UID types.UID
	// Parameters are all that the launch asks of the cloud, as a canonical text: the
	// same for a repeat, another where anything differs.
	Parameters string
	// New says that no other process can have launched for the NodeClaim: it was
	// created while this one led. It saves a look-up.
	New bool
	// Launch asks the cloud for a machine that carries the UID as a tag. A cloud with
	// idempotent requests is given the token. The context outlives the caller. Launch
	// must not return before its request has ended, unless the context has: then the
	// request may go on for Options.Outlasts.
	Launch func(ctx context.Context, token string) (M, error)
}

// flight is a launch under way and whoever waits for it. Machine and err are set
// before done is closed.
type flight[M any] struct {
	done    chan struct{}
	waiting int
	machine M
	err     error
}

// Launch returns the machine of a NodeClaim: the one that is there, or a new one
// (CP-022). It joins a launch of the same UID that is under way. A caller that
// leaves does not end it: what it brings is there for the next one.
func (l *Ledger[M]) Launch(ctx context.Context, r Request[M]) (M, error) {
	var none M
	f, err := l.join(r)
	if err != nil {
		return none, err
	}
	select {
	case <-f.done:
		return f.machine, f.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-f.done: // it came in the same moment: it counts as delivered
		return f.machine, f.err
	default:
		f.waiting--
	}
	return none, fmt.Errorf("waiting for the launch for NodeClaim UID %s: %w", r.UID, context.Cause(ctx))
}

// join finds or begins the flight of a UID.
func (l *Ledger[M]) join(r Request[M]) (*flight[M], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	l.begin()
	e, err := l.entry(r.UID)
	if err != nil {
		return nil, err
	}
	if e.flight == nil {
		f := &flight[M]{done: make(chan struct{}), err: ErrPanicked} // the error stands if its goroutine ends early
		e.flight = f
		l.launches.Add(1)
		go l.fly(e, f, r)
	}
	e.flight.waiting++
	return e.flight, nil
}

// fly carries out a launch and ends its flight.
func (l *Ledger[M]) fly(e *entry[M], f *flight[M], r Request[M]) {
	defer l.launches.Done()
	ctx, cancel := context.WithTimeout(l.base, l.opts.Timeout)
	defer cancel()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		e.flight, e.used = nil, l.opts.Clock.Now()
		e.delivered = e.delivered || f.err == nil && f.waiting > 0
		close(f.done)
		if !e.answered && e.lost == 0 && e.void() {
			delete(l.entries, e.uid) // it says nothing: refused launches fill no ledger
		}
	}()
	machine, there, err := l.there(ctx, e, r)
	if !there && err == nil {
		machine, err = l.ask(ctx, e, r)
	}
	f.machine, f.err = machine, err
}

// there returns the machine that an earlier launch brought, if any. Its error
// means that nobody knows, so that no other must be made.
func (l *Ledger[M]) there(ctx context.Context, e *entry[M], r Request[M]) (machine M, there bool, err error) {
	l.mu.Lock()
	machine, answered := e.machine, e.answered
	fresh := answered && l.mayMiss(l.opts.Clock.Now(), e.at)
	first := !answered && r.New && len(e.open) == 0 && e.lost == 0
	l.mu.Unlock()
	if fresh || first {
		return machine, fresh, nil
	}
	found, at, err := l.find(ctx, e.uid)
	if err != nil {
		return machine, answered, unless(answered, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if machine, there = l.adopt(e, found); there {
		return machine, true, nil
	}
	if answered {
		e.lost++
		e.answered, e.delivered = false, false
	}
	l.settle(e, at)
	return machine, false, l.mayAsk(e, r, at)
}

func unless(known bool, err error) error {
	if known {
		return nil
	}
	return err
}

// adopt makes one of the machines found the answer; mu is held.
func (l *Ledger[M]) adopt(e *entry[M], found []M) (machine M, adopted bool) {
	keep := ""
	if e.answered {
		keep = l.cloud.ProviderID(e.machine)
	}
	best := ""
	for _, m := range found {
		id := l.cloud.ProviderID(m)
		if _, over := e.doomed[id]; over || adopted && !better(id, best, keep) {
			continue
		}
		machine, best, adopted = m, id, true
	}
	if adopted && best != keep {
		e.answered, e.machine, e.at, e.delivered = true, machine, l.opts.Clock.Now(), false
	}
	return machine, adopted
}

// better orders machines of one NodeClaim: the one that was answered, then by ID.
func better(id, than, answered string) bool {
	return id == answered || than != answered && id < than
}

// mayAsk returns nil if another ask cannot lead to two machines for which nobody
// would know: no other ask is open, and none of an earlier process can be, unless
// the cloud takes it and this one for one; mu is held.
func (l *Ledger[M]) mayAsk(e *entry[M], r Request[M], lookedUp time.Time) error {
	others := len(e.open)
	if _, repeated := e.open[e.token(r.Parameters)]; repeated && l.opts.Idempotent {
		others--
	}
	if others == 0 && (l.opts.Idempotent || r.New || !l.mayMiss(lookedUp, l.start)) {
		return nil
	}
	return fmt.Errorf("launching for NodeClaim UID %s: %w", e.uid, ErrOpen)
}

// ask makes a request and notes what came of it.
func (l *Ledger[M]) ask(ctx context.Context, e *entry[M], r Request[M]) (M, error) {
	l.mu.Lock()
	token := e.token(r.Parameters)
	before, repeated := e.open[token]
	e.open[token] = l.opts.Clock.Now()
	l.mu.Unlock()

	machine, err := guarded(func() (M, error) { return r.Launch(ctx, token) })

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		delete(e.open, token)
		e.answered, e.machine, e.at, e.delivered = true, machine, l.opts.Clock.Now(), false
	case !l.cloud.Refused(err):
		e.open[token] = l.ended(ctx)
		if before.After(e.open[token]) {
			e.open[token] = before
		}
	case repeated: // the refusal is of this ask, not of the one before
		e.open[token] = before
	default:
		delete(e.open, token)
	}
	return machine, err
}

// ended is when the request of a launch that returns now is over at the latest.
func (l *Ledger[M]) ended(ctx context.Context) time.Time {
	now := l.opts.Clock.Now()
	if ctx.Err() != nil {
		return now.Add(l.opts.Outlasts)
	}
	return now
}
