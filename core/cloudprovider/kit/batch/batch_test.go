// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/batch"
)

// options are those of a launch in CP-090.
func options() batch.Options {
	return batch.Options{Name: "test", Idle: 35 * time.Millisecond, MaxWait: time.Second, MaxItems: 1000, Clock: clock.RealClock{}}
}

// recorder is an executor that answers each item with itself, and remembers.
type recorder struct {
	mu    sync.Mutex
	calls [][]int
	at    []time.Time
	takes time.Duration
}

func (r *recorder) call(ctx context.Context, key string, items []int) []batch.Result[string] {
	r.mu.Lock()
	r.calls, r.at = append(r.calls, slices.Clone(items)), append(r.at, time.Now())
	r.mu.Unlock()
	results := make([]batch.Result[string], len(items))
	select {
	case <-time.After(r.takes):
		for i, item := range items {
			results[i].Value = answer(key, item)
		}
	case <-ctx.Done():
		for i := range items {
			results[i].Err = context.Cause(ctx)
		}
	}
	return results
}

// made returns the requests that were made so far, and when.
func (r *recorder) made() ([][]int, []time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls), slices.Clone(r.at)
}

func (r *recorder) count() int {
	calls, _ := r.made()
	return len(calls)
}

func answer(key string, item int) string { return fmt.Sprintf("%s/%d", key, item) }

// outcome is what a caller got, and after how long.
type outcome struct {
	value string
	err   error
	took  time.Duration
}

// ask starts a caller.
func ask(ctx context.Context, b *batch.Batcher[string, int, string], key string, item int) <-chan outcome {
	out := make(chan outcome, 1)
	start := time.Now()
	go func() {
		value, err := b.Do(ctx, key, item)
		out <- outcome{value, err, time.Since(start)}
	}()
	return out
}

func shut(t *testing.T, b interface{ Close(context.Context) error }) {
	t.Helper()
	if err := b.Close(context.Background()); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// KIT-080, KIT-081, CP-319: callers of one key share a request, and each gets its
// own answer.
func TestManyCallersMakeOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := batch.New(options(), r.call)
		defer shut(t, b)
		var outs []<-chan outcome
		for i := range 100 {
			outs = append(outs, ask(t.Context(), b, "a", i))
		}
		for i, out := range outs {
			if got := <-out; got.err != nil || got.value != answer("a", i) {
				t.Errorf("caller %d got %q, %v", i, got.value, got.err)
			}
		}
		if r.count() != 1 {
			t.Errorf("%d requests for 100 equal callers, want 1", r.count())
		}
	})
}

// KIT-080: what differs in anything but the item is another request.
func TestKeysAreNotMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := batch.New(options(), r.call)
		defer shut(t, b)
		outs := []<-chan outcome{ask(t.Context(), b, "a", 1), ask(t.Context(), b, "b", 1), ask(t.Context(), b, "a", 2)}
		for i, want := range []string{"a/1", "b/1", "a/2"} {
			if got := <-outs[i]; got.value != want {
				t.Errorf("got %q, %v, want %q", got.value, got.err, want)
			}
		}
		if r.count() != 2 {
			t.Errorf("%d requests for two keys", r.count())
		}
	})
}

// KIT-082: each row is what ends a window.
func TestWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		opts func(*batch.Options)
		come []time.Duration // after the start
		want []time.Duration // when requests are made
	}{
		"idle gap after the only caller":  {come: []time.Duration{0}, want: []time.Duration{35}},
		"each caller renews the idle gap": {come: []time.Duration{0, 30, 60}, want: []time.Duration{95}},
		"a caller after the gap is a new": {come: []time.Duration{0, 36}, want: []time.Duration{35, 71}},
		"maximum wait ends a steady trickle": {
			opts: func(o *batch.Options) { o.MaxWait = 100 * time.Millisecond },
			come: []time.Duration{0, 30, 60, 90, 99}, want: []time.Duration{100},
		},
		"maximum items ends it at once": {
			opts: func(o *batch.Options) { o.MaxItems = 2 },
			come: []time.Duration{0, 10, 20}, want: []time.Duration{10, 55},
		},
		"no maximum of items": {
			opts: func(o *batch.Options) { o.MaxItems = 0 },
			come: []time.Duration{0, 10, 20}, want: []time.Duration{55},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := options()
				if tt.opts != nil {
					tt.opts(&opts)
				}
				r, start := &recorder{}, time.Now()
				b := batch.New(opts, r.call)
				for i, at := range tt.come {
					time.Sleep(time.Until(start.Add(at * time.Millisecond)))
					synctest.Wait()
					ask(t.Context(), b, "a", i)
				}
				time.Sleep(2 * time.Second)
				var got []time.Duration
				_, at := r.made()
				for _, at := range at {
					got = append(got, at.Sub(start)/time.Millisecond)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("requests after %d ms, want %d", got, tt.want)
				}
				shut(t, b)
			})
		})
	}
}

// KIT-083: no more requests at once than allowed; a group that waits for its turn
// goes on collecting.
func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.MaxConcurrent = 2
		r := &recorder{takes: time.Minute}
		b := batch.New(opts, r.call)
		defer shut(t, b)
		var outs []<-chan outcome
		for i := range 5 {
			outs = append(outs, ask(t.Context(), b, string(rune('a'+i)), 0))
		}
		time.Sleep(30 * time.Second)
		if r.count() != 2 {
			t.Errorf("%d requests at once, want 2", r.count())
		}
		for i := range 5 { // long after the windows
			outs = append(outs, ask(t.Context(), b, string(rune('a'+i)), 1))
		}
		for _, out := range outs {
			if got := <-out; got.err != nil {
				t.Error(got.err)
			}
		}
		if r.count() != 7 { // two that had begun, three that took the later caller along, two new
			t.Errorf("%d requests, want 7", r.count())
		}
	})
}

// KIT-084, CP-092, CP-321: who leaves leaves the others as they are.
func TestCancellation(t *testing.T) {
	t.Run("while callers are collected: its item is not asked for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{}
			b := batch.New(options(), r.call)
			defer shut(t, b)
			ctx, cancel := context.WithCancelCause(t.Context())
			leaves, stays := ask(ctx, b, "a", 1), ask(t.Context(), b, "a", 2)
			synctest.Wait()
			why := errors.New("had enough")
			cancel(why)
			if got := <-leaves; !errors.Is(got.err, why) || got.took != 0 {
				t.Errorf("the one that left got %v after %v", got.err, got.took)
			}
			if got := <-stays; got.value != "a/2" {
				t.Errorf("the other got %q, %v", got.value, got.err)
			}
			if calls, _ := r.made(); !slices.EqualFunc(calls, [][]int{{2}}, slices.Equal) {
				t.Errorf("asked for %v", calls)
			}
		})
	})
	t.Run("all leave while collected: no request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{}
			b := batch.New(options(), r.call)
			ctx, cancel := context.WithCancel(t.Context())
			out := ask(ctx, b, "a", 1)
			synctest.Wait()
			cancel()
			<-out
			shut(t, b)
			if r.count() != 0 {
				t.Errorf("%d requests", r.count())
			}
		})
	})
	t.Run("during the request: it goes on for the others, and ends with the last", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan time.Time, 1)
			b := batch.New(options(), func(ctx context.Context, _ string, items []int) []batch.Result[string] {
				<-ctx.Done()
				ended <- time.Now()
				return nil
			})
			defer shut(t, b)
			first, cancelFirst := context.WithTimeout(t.Context(), time.Second)
			last, cancelLast := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancelFirst()
			defer cancelLast()
			start := time.Now()
			outs := []<-chan outcome{ask(first, b, "a", 1), ask(last, b, "a", 2)}
			for i, want := range []time.Duration{time.Second, 2 * time.Second} {
				if got := <-outs[i]; !errors.Is(got.err, context.DeadlineExceeded) || got.took != want {
					t.Errorf("caller %d got %v after %v, want its deadline after %v", i, got.err, got.took, want)
				}
			}
			if got := (<-ended).Sub(start); got != 2*time.Second {
				t.Errorf("the request ended after %v, want when the last caller left", got)
			}
		})
	})
	t.Run("before it came", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{}
			b := batch.New(options(), r.call)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := b.Do(ctx, "a", 1); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			shut(t, b)
			if r.count() != 0 {
				t.Errorf("%d requests", r.count())
			}
		})
	})
}

// KIT-085, CP-091.
func TestByID(t *testing.T) {
	notFound := errors.New("one of the IDs does not exist")
	for name, tt := range map[string]struct {
		ask  []string
		by   batch.ByID[string, string, string]
		want []string // value or error
		// calls is how many requests are made, in all.
		calls int
	}{
		"the same ID twice is asked once and answers both": {
			ask: []string{"x", "y", "x"}, want: []string{"X", "Y", "X"}, calls: 1,
			by: batch.ByID[string, string, string]{Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
				if len(ids) != 2 {
					return nil, fmt.Errorf("asked for %q", ids)
				}
				return upper(ids), nil
			}},
		},
		"an ID left out of the answer is asked singly": {
			ask: []string{"x", "y", "late"}, want: []string{"X", "Y", "LATE"}, calls: 2,
			by: batch.ByID[string, string, string]{Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
				out := upper(ids)
				if len(ids) > 1 {
					delete(out, "late")
				}
				return out, nil
			}},
		},
		"an ID missing there too has no answer": {
			ask: []string{"x", "gone"}, want: []string{"X", batch.ErrNoAnswer.Error()}, calls: 2,
			by: batch.ByID[string, string, string]{Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
				out := upper(ids)
				delete(out, "gone")
				return out, nil
			}},
		},
		"a single ID is not asked for again": {
			ask: []string{"gone"}, want: []string{batch.ErrNoAnswer.Error()}, calls: 1,
			by: batch.ByID[string, string, string]{Call: func(context.Context, string, []string) (map[string]string, error) {
				return nil, nil
			}},
		},
		"one bad ID does not fail its neighbours": {
			ask: []string{"a", "b", "bad", "d"}, want: []string{"A", "B", notFound.Error(), "D"}, calls: 5,
			by: batch.ByID[string, string, string]{
				OneSpoils: func(err error) bool { return errors.Is(err, notFound) },
				Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
					if slices.Contains(ids, "bad") {
						return nil, notFound
					}
					return upper(ids), nil
				},
			},
		},
		"an error about the whole request is everybody's": {
			ask: []string{"a", "b"}, want: []string{"throttled", "throttled"}, calls: 1,
			by: batch.ByID[string, string, string]{
				OneSpoils: func(err error) bool { return errors.Is(err, notFound) },
				Call: func(context.Context, string, []string) (map[string]string, error) {
					return nil, errors.New("throttled")
				},
			},
		},
		"with an error, what was answered counts": {
			ask: []string{"a", "b"}, want: []string{"A", "half"}, calls: 1,
			by: batch.ByID[string, string, string]{Call: func(context.Context, string, []string) (map[string]string, error) {
				return map[string]string{"a": "A"}, errors.New("half")
			}},
		},
		"a panic in a single question is its error": {
			ask: []string{"a", "odd"}, want: []string{"A", batch.ErrPanicked.Error()}, calls: 2,
			by: batch.ByID[string, string, string]{Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
				if len(ids) == 1 {
					panic("odd")
				}
				return map[string]string{"a": "A"}, nil
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				call := tt.by.Call
				tt.by.Call = func(ctx context.Context, key string, ids []string) (map[string]string, error) {
					calls.Add(1)
					return call(ctx, key, ids)
				}
				b := batch.NewByID(options(), tt.by)
				defer shut(t, b)
				var all sync.WaitGroup
				for i, id := range tt.ask {
					all.Go(func() {
						got, err := b.Do(t.Context(), "", id)
						if err != nil {
							got = err.Error()
						}
						if !strings.Contains(got, tt.want[i]) {
							t.Errorf("%s: got %q, want %q", id, got, tt.want[i])
						}
					})
					synctest.Wait()
				}
				all.Wait()
				if int(calls.Load()) != tt.calls {
					t.Errorf("%d requests, want %d", calls.Load(), tt.calls)
				}
			})
		})
	}
}

// KIT-085: the smaller requests are made together, a bounded number of them, and
// who is served by one does not wait for the others.
func TestSmallerRequestsTogether(t *testing.T) {
	errBad := errors.New("one of the IDs does not exist")
	for name, tt := range map[string]struct {
		answer func(ids []string) (map[string]string, error)
		ids    int
		want   map[string]time.Duration // after the first request began
	}{
		"halves": {
			ids: 8,
			answer: func(ids []string) (map[string]string, error) {
				if slices.Contains(ids, "id07") {
					return nil, errBad
				}
				return upper(ids), nil
			},
			want: map[string]time.Duration{"id00": 2, "id03": 2, "id04": 3, "id06": 4, "the last": 4},
		},
		"singles": {
			ids: 30,
			answer: func(ids []string) (map[string]string, error) {
				if len(ids) > 1 {
					return map[string]string{"id00": "ID00"}, nil
				}
				return upper(ids), nil
			},
			want: map[string]time.Duration{"id00": 1, "the last": 4},
		},
		"the end of one's goroutine": {
			ids: 12,
			answer: func(ids []string) (map[string]string, error) {
				if len(ids) == 1 {
					runtime.Goexit()
				}
				return nil, nil
			},
			want: map[string]time.Duration{"id00": 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var underway, most atomic.Int32
				b := batch.NewByID(options(), batch.ByID[string, string, string]{
					OneSpoils: func(err error) bool { return errors.Is(err, errBad) },
					Call: func(_ context.Context, _ string, ids []string) (map[string]string, error) {
						most.Store(max(most.Load(), underway.Add(1)))
						defer underway.Add(-1)
						time.Sleep(time.Second)
						return tt.answer(ids)
					},
				})
				defer shut(t, b)
				start := time.Now().Add(options().Idle)
				var mu sync.Mutex
				took := map[string]time.Duration{}
				var all sync.WaitGroup
				for i := range tt.ids {
					id := fmt.Sprintf("id%02d", i)
					all.Go(func() {
						got, err := b.Do(t.Context(), "", id)
						if got == "" && err == nil || got != "" && got != strings.ToUpper(id) {
							t.Errorf("%s: got %q, %v", id, got, err)
						}
						mu.Lock()
						defer mu.Unlock()
						took[id] = time.Since(start)
						took["the last"] = max(took["the last"], took[id])
					})
					synctest.Wait()
				}
				all.Wait()
				for id, want := range tt.want {
					if took[id] != want*time.Second {
						t.Errorf("%s was answered after %v, want %v", id, took[id], want*time.Second)
					}
				}
				if most.Load() > 10 {
					t.Errorf("%d requests at once", most.Load())
				}
			})
		})
	}
}

func upper(ids []string) map[string]string {
	out := map[string]string{}
	for _, id := range ids {
		out[id] = strings.ToUpper(id)
	}
	return out
}

// KIT-086, CP-091, CP-320.
func TestLaunch(t *testing.T) {
	noStock := errors.New("no stock in zone a")
	for name, tt := range map[string]struct {
		callers, machines int
		err               error
		leave             bool // the first caller leaves during the launch
		served, surplus   int
		rest              error
	}{
		"as many as callers":                       {callers: 3, machines: 3, served: 3},
		"fewer, and why":                           {callers: 3, machines: 2, err: noStock, served: 2, rest: noStock},
		"fewer, and nobody says why":               {callers: 3, machines: 1, served: 1, rest: batch.ErrTooFew},
		"none":                                     {callers: 2, err: noStock, rest: noStock},
		"all, though an offering failed":           {callers: 2, machines: 2, err: noStock, served: 2},
		"more than callers":                        {callers: 1, machines: 3, served: 1, surplus: 2},
		"who left gets none, and the next gets it": {callers: 3, machines: 2, err: noStock, leave: true, served: 2, rest: context.Canceled},
		"who left leaves a surplus":                {callers: 2, machines: 2, leave: true, served: 1, surplus: 1, rest: context.Canceled},
		"all left: what was launched is not lost":  {callers: 1, machines: 1, leave: true, surplus: 1, rest: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var surplus []int
				b := batch.NewLaunch(options(), batch.Launch[string, int, int]{
					Call: func(ctx context.Context, _ string, _ []int) ([]int, error) {
						select {
						case <-time.After(time.Minute):
						case <-ctx.Done():
							return nil, errors.New("a launch was cancelled")
						}
						return []int{1, 2, 3, 4}[:tt.machines], tt.err
					},
					Surplus: func(_ string, machines []int) { surplus = append(surplus, machines...) },
				})
				first, cancel := context.WithCancel(t.Context())
				defer cancel()
				type got struct {
					machine int
					err     error
				}
				outs := make(chan got, tt.callers)
				for i := range tt.callers {
					ctx := t.Context()
					if i == 0 {
						ctx = first
					}
					go func() {
						machine, err := b.Do(ctx, "a", i)
						outs <- got{machine, err}
					}()
					synctest.Wait()
				}
				time.Sleep(time.Second)
				if tt.leave {
					cancel()
				}
				seen := map[int]bool{}
				for range tt.callers {
					switch got := <-outs; {
					case got.err == nil && seen[got.machine]:
						t.Errorf("machine %d was given to two callers", got.machine)
					case got.err == nil:
						seen[got.machine] = true
					case !errors.Is(got.err, tt.rest):
						t.Errorf("a caller got %v, want %v", got.err, tt.rest)
					}
				}
				shut(t, b)
				if len(seen) != tt.served || len(surplus) != tt.surplus {
					t.Errorf("%d served, %d surplus; want %d and %d", len(seen), len(surplus), tt.served, tt.surplus)
				}
			})
		})
	}
}

// KIT-087: what a request does wrong is an error of its callers, and of nobody else.
func TestBadRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		call func() []batch.Result[string]
		want error
	}{
		"panic":                {func() []batch.Result[string] { panic("oh") }, batch.ErrPanicked},
		"end of its goroutine": {func() []batch.Result[string] { runtime.Goexit(); return nil }, batch.ErrPanicked},
		"too short an answer":  {func() []batch.Result[string] { return nil }, batch.ErrNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := batch.New(options(), func(_ context.Context, key string, items []int) []batch.Result[string] {
					if key == "bad" {
						return tt.call()
					}
					return []batch.Result[string]{{Value: answer(key, items[0])}}
				})
				defer shut(t, b)
				bad, good := ask(t.Context(), b, "bad", 1), ask(t.Context(), b, "good", 2)
				if got := <-bad; !errors.Is(got.err, tt.want) {
					t.Errorf("got %v, want %v", got.err, tt.want)
				}
				if got := <-good; got.value != "good/2" {
					t.Errorf("the other key got %q, %v", got.value, got.err)
				}
			})
		})
	}
}

// KIT-087: a request that never ends is ended, and its slot is free again.
func TestRequestsTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.Timeout = time.Minute
		r := &recorder{takes: time.Hour}
		b := batch.New(opts, r.call)
		defer shut(t, b)
		if got := <-ask(t.Context(), b, "a", 1); !errors.Is(got.err, context.DeadlineExceeded) || got.took != time.Minute+opts.Idle {
			t.Errorf("got %v after %v", got.err, got.took)
		}
	})
}

// KIT-087: one that does not even heed its context keeps neither its callers nor its
// slot, and what it launches in the end is surplus.
func TestRequestsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.Timeout, opts.MaxConcurrent = time.Minute, 1
		surplus := make(chan []string, 1)
		b := batch.NewLaunch(opts, batch.Launch[string, int, string]{
			Call: func(_ context.Context, key string, _ []int) ([]string, error) {
				if key == "hangs" {
					time.Sleep(time.Hour)
				}
				return []string{key}, nil
			},
			Surplus: func(_ string, machines []string) { surplus <- machines },
		})
		defer shut(t, b)
		hangs := ask(t.Context(), b, "hangs", 1)
		time.Sleep(time.Second)
		next := ask(t.Context(), b, "next", 1)
		if got := <-hangs; !errors.Is(got.err, context.DeadlineExceeded) || got.took != opts.Idle+time.Minute+10*time.Second {
			t.Errorf("got %q, %v after %v", got.value, got.err, got.took)
		}
		if got := <-next; got.value != "next" || got.took > 70*time.Second {
			t.Errorf("the next got %q, %v after %v", got.value, got.err, got.took)
		}
		if got := <-surplus; !slices.Equal(got, []string{"hangs"}) {
			t.Errorf("surplus %v", got)
		}
	})
}

// KIT-088: Close serves whom it collected, and nobody else.
func TestClose(t *testing.T) {
	t.Run("the collected are served without waiting for their window", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{}
			b := batch.New(options(), r.call)
			out := ask(t.Context(), b, "a", 1)
			synctest.Wait()
			shut(t, b)
			if got := <-out; got.value != "a/1" || got.took != 0 {
				t.Errorf("got %q, %v after %v", got.value, got.err, got.took)
			}
			if _, err := b.Do(t.Context(), "a", 2); !errors.Is(err, batch.ErrClosed) {
				t.Errorf("a caller after Close got %v", err)
			}
			shut(t, b) // twice is harmless
		})
	})
	t.Run("it is bounded: calls under way are cancelled, others not begun", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			opts := options()
			opts.MaxConcurrent = 1
			r := &recorder{takes: time.Hour}
			b := batch.New(opts, r.call)
			underway := ask(t.Context(), b, "a", 1)
			time.Sleep(time.Second)
			queued := ask(t.Context(), b, "b", 1)
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Close said %v", err)
			}
			for _, out := range []<-chan outcome{underway, queued} {
				if got := <-out; !errors.Is(got.err, batch.ErrClosed) {
					t.Errorf("got %v, want that it was closed", got.err)
				}
			}
			if r.count() != 1 {
				t.Errorf("%d requests, want that of the first only", r.count())
			}
		})
	})
}

// KIT-089, CP-093.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewPedanticRegistry()
		metrics, err := batch.NewMetrics(registry)
		if err != nil {
			t.Fatal(err)
		}
		opts := options()
		opts.Name, opts.Metrics = "create_fleet", metrics
		b := batch.New(opts, (&recorder{}).call)
		outs := []<-chan outcome{ask(t.Context(), b, "a", 1), ask(t.Context(), b, "a", 2), ask(t.Context(), b, "a", 3)}
		for _, out := range outs {
			<-out
		}
		shut(t, b)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, f := range families {
			for _, m := range f.GetMetric() {
				h := m.GetHistogram()
				fmt.Fprintf(&text, "%s{%s=%q} count=%d sum=%g buckets=%d\n", f.GetName(), m.GetLabel()[0].GetName(), m.GetLabel()[0].GetValue(),
					h.GetSampleCount(), h.GetSampleSum(), len(h.GetBucket()))
			}
		}
		want := `karpenter_cloudprovider_batcher_batch_size{batcher="create_fleet"} count=1 sum=3 buckets=34
karpenter_cloudprovider_batcher_batch_time_seconds{batcher="create_fleet"} count=1 sum=0.035 buckets=11
`
		if text.String() != want {
			t.Errorf("got\n%swant\n%s", text.String(), want)
		}
		if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
			t.Errorf("%v, %v", problems, err)
		}
		if _, err := batch.NewMetrics(registry); err == nil {
			t.Error("registered twice without an error")
		}
	})
}
