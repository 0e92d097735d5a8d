// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"errors"
	"math/rand"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"karpenter.sh/core/cloudprovider/kit/batch"
)

// world is a random crowd of callers in virtual time.
type world struct {
	callers  int
	keys     int
	opts     batch.Options
	grain    time.Duration                    // times are multiples of it
	patience func(r *rand.Rand) time.Duration // of a caller
	takes    func(r *rand.Rand) time.Duration // of a request
	closes   time.Duration                    // when it is closed
}

func randomWorld(r *rand.Rand) world {
	opts := options()
	opts.MaxItems = r.Intn(20)
	opts.MaxConcurrent = 1 + r.Intn(5)
	opts.Timeout = time.Duration(1+r.Intn(60)) * time.Second
	grain := time.Millisecond
	if r.Intn(2) == 0 { // much happens in the same moment
		grain, opts.Idle = time.Second, time.Second
	}
	about := func(mean time.Duration) func(r *rand.Rand) time.Duration {
		return func(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)).Round(grain) }
	}
	return world{
		callers: 1 + r.Intn(150), keys: 1 + r.Intn(8), opts: opts, grain: grain,
		patience: about(20 * time.Second), takes: about(10 * time.Second),
		closes: time.Duration(r.Intn(60)) * time.Second,
	}
}

// KIT-081, KIT-084, KIT-086: over random crowds, nobody gets what is another's,
// nobody waits beyond its patience, there are no more requests than callers, and
// each machine that was launched is somebody's or surplus.
func TestCrowds(t *testing.T) {
	for seed := range int64(60) {
		synctest.Test(t, func(t *testing.T) { crowd(t, seed) })
		synctest.Test(t, func(t *testing.T) { launches(t, seed) })
	}
}

func crowd(t *testing.T, seed int64) {
	random, chance := rand.New(rand.NewSource(seed)), rand.New(rand.NewSource(seed+1)) // of callers and of requests
	w := randomWorld(random)
	var calls, callers atomic.Int32
	var mu sync.Mutex
	b := batch.New(w.opts, func(ctx context.Context, key string, items []int) []batch.Result[string] {
		calls.Add(1)
		mu.Lock()
		takes, fails := w.takes(chance), chance.Intn(10)
		mu.Unlock()
		if w.opts.MaxItems > 0 && len(items) > w.opts.MaxItems {
			t.Errorf("seed %d: %d items, of at most %d", seed, len(items), w.opts.MaxItems)
		}
		if fails == 0 {
			panic("bad luck")
		}
		r := &recorder{takes: takes}
		return r.call(ctx, key, items)
	})
	w.populate(t, random, seed, func(ctx context.Context, key string, i int) {
		callers.Add(1)
		got, err := b.Do(ctx, key, i)
		if err == nil && got != answer(key, i) {
			t.Errorf("seed %d: caller %s/%d got %s", seed, key, i, got)
		}
	}, b)
	if calls.Load() > callers.Load() {
		t.Errorf("seed %d: %d requests for %d callers", seed, calls.Load(), callers.Load())
	}
}

func launches(t *testing.T, seed int64) {
	random, chance := rand.New(rand.NewSource(seed)), rand.New(rand.NewSource(seed+1)) // of callers and of requests
	w := randomWorld(random)
	var mu sync.Mutex
	launched, owners, surplus := 0, map[int]int{}, map[int]bool{}
	b := batch.NewLaunch(w.opts, batch.Launch[string, int, int]{
		Call: func(ctx context.Context, _ string, items []int) ([]int, error) {
			mu.Lock()
			takes, n := w.takes(chance), max(0, len(items)+chance.Intn(5)-3)
			mu.Unlock()
			select {
			case <-time.After(takes):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			machines := make([]int, n)
			for i := range machines {
				launched++
				machines[i] = launched
			}
			return machines, errors.New("some offering failed")
		},
		Surplus: func(_ string, machines []int) {
			mu.Lock()
			defer mu.Unlock()
			for _, machine := range machines {
				surplus[machine] = true
			}
		},
	})
	w.populate(t, random, seed, func(ctx context.Context, key string, i int) {
		machine, err := b.Do(ctx, key, i)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			return
		}
		if other, taken := owners[machine]; taken || surplus[machine] {
			t.Errorf("seed %d: machine %d is of callers %d and %d", seed, machine, other, i)
		}
		owners[machine] = i
	}, b)
	if len(owners)+len(surplus) != launched {
		t.Errorf("seed %d: %d machines launched, %d delivered, %d surplus", seed, launched, len(owners), len(surplus))
	}
}

// populate lets the callers come and go, closes the batcher, and checks that
// nobody outstays its patience.
func (w world) populate(t *testing.T, random *rand.Rand, seed int64, do func(context.Context, string, int), b interface{ Close(context.Context) error }) {
	var crowd sync.WaitGroup
	for i := range w.callers {
		comes, patience := (time.Duration(random.Intn(3000)) * time.Millisecond).Round(w.grain), w.patience(random)
		key := string(rune('a' + random.Intn(w.keys)))
		crowd.Go(func() {
			time.Sleep(comes)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			start := time.Now()
			do(ctx, key, i)
			if waited := time.Since(start); waited > patience {
				t.Errorf("seed %d: a caller with a patience of %v waited %v", seed, patience, waited)
			}
		})
	}
	time.Sleep(w.closes)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_ = b.Close(ctx) // in a hurry or not
	crowd.Wait()
}
