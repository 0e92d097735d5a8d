// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"
	"sync"
)

// smaller is how many of the smaller requests of one group are made at a time.
const smaller = 10

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
		waits := map[ID][]*caller[K, ID, R]{}
		for _, c := range g.callers {
			waits[c.item] = append(waits[c.item], c)
		}
		q := &question[K, ID, R]{by: by, key: g.key, slots: make(chan struct{}, smaller), tell: func(id ID, r Result[R]) {
			b.answer(waits[id], r)
		}}
		q.ask(ctx, distinct(g.items()))
		q.work.Wait()
		b.fail(g, b.errorf(ErrPanicked)) // those whose question ended its goroutine
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

// question is what a group asks, in one request or in several smaller ones.
type question[K, ID comparable, R any] struct {
	by    ByID[K, ID, R]
	key   K
	tell  func(id ID, r Result[R]) // each result as soon as it is known
	slots chan struct{}            // one for each request under way
	work  sync.WaitGroup
}

// ask asks about IDs, and has those asked about again in smaller requests of which
// nothing is known then.
func (q *question[K, ID, R]) ask(ctx context.Context, ids []ID) {
	answer, spoiled, err := q.call(ctx, ids)
	if spoiled {
		q.work.Go(func() { q.ask(ctx, ids[:len(ids)/2]) })
		q.work.Go(func() { q.ask(ctx, ids[len(ids)/2:]) })
		return
	}
	for i, id := range ids {
		switch value, there := answer[id]; {
		case there:
			q.tell(id, Result[R]{Value: value})
		case err != nil:
			q.tell(id, Result[R]{Err: err})
		case len(ids) > 1:
			q.work.Go(func() { q.ask(ctx, ids[i:i+1]) })
		default:
			q.tell(id, Result[R]{Err: ErrNoAnswer})
		}
	}
}

// call makes a request. Spoiled says that one of its IDs may have spoiled it for the
// others. A panic is an error, for not all requests are made where a caller of ours
// would catch it.
func (q *question[K, ID, R]) call(ctx context.Context, ids []ID) (answer map[ID]R, spoiled bool, err error) {
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
	defer func() {
		<-q.slots
		if p := recover(); p != nil {
			answer, spoiled, err = nil, false, fmt.Errorf("%w: %v", ErrPanicked, p)
		}
	}()
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	answer, err = q.by.Call(ctx, q.key, ids)
	spoiled = err != nil && len(ids) > 1 && q.by.OneSpoils != nil && q.by.OneSpoils(err) && ctx.Err() == nil
	return answer, spoiled, err
}
