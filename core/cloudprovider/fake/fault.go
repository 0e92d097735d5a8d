// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"fmt"

	"karpenter.sh/core/reconcile/pause"
)

// faults are the errors that operations are to fail with.
type faults struct {
	next   map[Operation][]error
	always map[Operation]error
}

func newFaults() faults {
	return faults{next: map[Operation][]error{}, always: map[Operation]error{}}
}

func (f faults) take(operation Operation) error {
	if queue := f.next[operation]; len(queue) > 0 {
		f.next[operation] = queue[1:]
		return queue[0]
	}
	return f.always[operation]
}

// FailNext makes the next calls fail, one with each of these errors; nil lets
// one call pass. They come after those already queued.
func (p *Provider) FailNext(operation Operation, errs ...error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.next[operation] = append(p.faults.next[operation], errs...)
}

// FailAlways makes every call fail for which FailNext left nothing; nil ends it.
func (p *Provider) FailAlways(operation Operation, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.always[operation] = err
}

// enter records a call, takes its time and returns the error to fail with.
func (p *Provider) enter(ctx context.Context, call Call) error {
	call.NodeClaim = call.NodeClaim.DeepCopy()
	p.mu.Lock()
	p.journal.calls = append(p.journal.calls, call)
	err := p.faults.take(call.Operation)
	p.mu.Unlock()
	if waitErr := p.wait(ctx, call.Operation); waitErr != nil {
		return waitErr
	}
	return err
}

func (p *Provider) wait(ctx context.Context, operation Operation) error {
	latency := p.opts.Latency[operation]
	if latency <= 0 {
		return ctx.Err()
	}
	if !pause.For(ctx, p.opts.Clock, latency) {
		return fmt.Errorf("waiting for %s: %w", operation, ctx.Err())
	}
	return nil
}
