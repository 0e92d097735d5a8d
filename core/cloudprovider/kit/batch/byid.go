// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"
	"sync"
)

// singles is how many IDs of one group are asked about singly at a time.
const singles = 10

// ByID is a call about named things: describe or terminate these.
type ByID[K, ID comparable, R any] struct {
	// Call asks about distinct IDs, in the order of their callers. With an error it
	// may still answer for some; the others get the error.
	Call func(ctx context.Context, key K, ids []ID) (map[ID]R, error)
	// OneSpoils reports whether an error may be about one of the IDs only, so that
	// the others are asked for again without it: the group is halved until the bad
	// ID is alone. Nil means never.
	OneSpoils func(error) bool
}

// NewByID returns a batcher for calls about named things. Callers of the same ID
// share what is returned for it (CP-091). An ID that an answer leaves out is asked
// for singly; if it is missing there too, its callers get ErrNoAnswer.
func NewByID[K, ID comparable, R any](opts Options, by ByID[K, ID, R]) *Batcher[K, ID, R] {
	b := newBatcher[K, ID, R](opts)
	b.serve = func(ctx context.Context, g *group[K, ID, R]) {
		results := by.ask(ctx, g.key, distinct(g.items()))
		b.settle(g, func(i int) Result[R] { return results[g.callers[i].item] })
	}
	return b
}

func distinct[ID comparable](ids []ID) []ID {
	seen := make(map[ID]bool, len(ids))
	out := make([]ID, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// ask returns a result for each ID.
func (by ByID[K, ID, R]) ask(ctx context.Context, key K, ids []ID) map[ID]Result[R] {
	answer, err := by.Call(ctx, key, ids)
	if err != nil && len(ids) > 1 && by.OneSpoils != nil && by.OneSpoils(err) && ctx.Err() == nil {
		out := by.ask(ctx, key, ids[:len(ids)/2])
		for id, r := range by.ask(ctx, key, ids[len(ids)/2:]) {
			out[id] = r
		}
		return out
	}
	out := make(map[ID]Result[R], len(ids))
	var missing []ID
	for _, id := range ids {
		switch value, there := answer[id]; {
		case there:
			out[id] = Result[R]{Value: value}
		case err != nil:
			out[id] = Result[R]{Err: err}
		default:
			out[id] = Result[R]{Err: ErrNoAnswer}
			missing = append(missing, id)
		}
	}
	if len(ids) > 1 {
		by.askSingly(ctx, key, missing, out)
	}
	return out
}

// askSingly replaces the results of the IDs that an answer left out.
func (by ByID[K, ID, R]) askSingly(ctx context.Context, key K, ids []ID, out map[ID]Result[R]) {
	results := make([]Result[R], len(ids))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(singles, len(ids)) {
		workers.Go(func() {
			for i := range next {
				results[i] = by.single(ctx, key, ids[i])
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	workers.Wait()
	for i, id := range ids {
		out[id] = results[i]
	}
}

// single asks about one ID; a panic is its error, for here no caller of ours
// would catch it.
func (by ByID[K, ID, R]) single(ctx context.Context, key K, id ID) (r Result[R]) {
	defer func() {
		if p := recover(); p != nil {
			r = Result[R]{Err: fmt.Errorf("asking singly: %w: %v", ErrPanicked, p)}
		}
	}()
	if err := ctx.Err(); err != nil {
		return Result[R]{Err: context.Cause(ctx)}
	}
	answer, err := by.Call(ctx, key, []ID{id})
	value, there := answer[id]
	switch {
	case there:
		return Result[R]{Value: value}
	case err != nil:
		return Result[R]{Err: err}
	}
	return Result[R]{Err: ErrNoAnswer}
}
