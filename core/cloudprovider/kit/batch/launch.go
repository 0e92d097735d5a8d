// SPDX-License-Identifier: Apache-2.0

package batch

import "context"

// Launch is a call that brings some number of equal machines: which caller gets
// which does not matter.
type Launch[K comparable, I, R any] struct {
	// Call asks for one machine for each item. It returns as many as there are, and
	// an error that says why they are fewer: all that single offerings failed with,
	// joined. Its context is not cancelled when callers leave, since what was
	// launched by then would be unknown.
	Call func(ctx context.Context, key K, items []I) ([]R, error)
	// Surplus is given machines that no caller is left for. They are running: it
	// logs them and leaves them to garbage collection (CP-117), or ends them.
	Surplus func(key K, machines []R)
}

// NewLaunch returns a batcher for launches. Of k machines, the k callers that came
// first and still wait get one each; the others get the error of the call, or
// ErrTooFew (CP-091).
func NewLaunch[K comparable, I, R any](opts Options, launch Launch[K, I, R]) *Batcher[K, I, R] {
	b := newBatcher[K, I, R](opts)
	b.surplus, b.lasting = launch.Surplus, true
	if b.surplus == nil {
		b.surplus = func(K, []R) {}
	}
	b.serve = func(ctx context.Context, g *group[K, I, R]) {
		machines, err := launch.Call(ctx, g.key, g.items())
		if err == nil {
			err = ErrTooFew
		}
		b.settle(g, func(int) Result[R] {
			if len(machines) == 0 {
				return Result[R]{Err: err}
			}
			machine := machines[0]
			machines = machines[1:]
			return Result[R]{Value: machine}
		})
		if len(machines) > 0 {
			b.surplus(g.key, machines)
		}
	}
	return b
}
