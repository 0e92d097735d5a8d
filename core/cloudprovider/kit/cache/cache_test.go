// SPDX-License-Identifier: Apache-2.0

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
)

var (
	errDown = errors.New("the cloud does not answer")
	errGone = errors.New("it does not exist")
)

// cloud answers with the number of the load, unless it fails.
type cloud struct {
	mu    sync.Mutex
	loads int
	err   error
	takes time.Duration
	stale []string // what it was told of stale values
}

func (c *cloud) load(ctx context.Context, key string) (string, error) {
	c.mu.Lock()
	c.loads++
	value, err, takes := fmt.Sprintf("%s%d", key, c.loads), c.err, c.takes
	c.mu.Unlock()
	select {
	case <-time.After(takes):
		return value, err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (c *cloud) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *cloud) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads
}

func (c *cloud) source() cache.Source[string, string] {
	return cache.Source[string, string]{
		Load:     c.load,
		Negative: func(err error) bool { return errors.Is(err, errGone) },
		Stale: func(key string, age time.Duration, err error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.stale = append(c.stale, fmt.Sprintf("%s %v %v", key, age, err))
		},
	}
}

func options() cache.Options {
	return cache.Options{Name: "images", TTL: time.Minute, NegativeTTL: 5 * time.Second, Clock: clock.RealClock{}}
}

// inTime runs a test of a cache in virtual time.
func inTime(t *testing.T, opts cache.Options, test func(t *testing.T, c *cache.Cache[string, string], cloud *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := &cloud{}
		c := cache.New(opts, cloud.source())
		defer c.Close()
		test(t, c, cloud)
	})
}

func expect(t *testing.T, c *cache.Cache[string, string], key, want string) {
	t.Helper()
	got, err := c.Get(t.Context(), key)
	if err != nil {
		got = err.Error()
	}
	if !strings.Contains(got, want) || want == "" {
		t.Errorf("got %q, want %q", got, want)
	}
	synctest.Wait()
}

// KIT-090: a fresh value costs no load, however often it is asked for.
func TestFresh(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		for range 1000 {
			expect(t, c, "a", "a1")
		}
		expect(t, c, "b", "b2")
		time.Sleep(44 * time.Second)
		expect(t, c, "a", "a1")
		if cloud.count() != 2 {
			t.Errorf("%d loads of two keys", cloud.count())
		}
	})
	t.Run("without a time to live until it is invalidated", func(t *testing.T) {
		opts := options()
		opts.TTL = 0
		inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], _ *cloud) {
			expect(t, c, "a", "a1")
			time.Sleep(1000 * time.Hour)
			expect(t, c, "a", "a1")
		})
	})
}

// KIT-091: near its end a value is refreshed behind who asks; after it, who asks
// waits.
func TestRefresh(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], _ *cloud) {
		expect(t, c, "a", "a1")
		time.Sleep(45 * time.Second)
		expect(t, c, "a", "a1") // begins the refresh
		expect(t, c, "a", "a2")
		time.Sleep(time.Minute)
		expect(t, c, "a", "a3") // stale: waits
	})
	t.Run("spread over the last quarter", func(t *testing.T) {
		opts, random := options(), rand.New(rand.NewSource(1))
		opts.Random = random.Float64
		inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			for key := range 200 {
				expect(t, c, fmt.Sprintf("%d-", key), "-")
			}
			var begun []int
			for range 15 {
				time.Sleep(time.Second)
				begun = append(begun, cloud.count())
			}
			time.Sleep(29 * time.Second) // 44 s after the loads
			for step := range 4 {
				for key := range 200 {
					expect(t, c, fmt.Sprintf("%d-", key), "-")
				}
				begun = append(begun, cloud.count()-200)
				if got := begun[len(begun)-1]; step == 0 && got != 0 || step == 2 && (got < 40 || got > 160) {
					t.Errorf("%d of 200 keys refreshed at step %d", got, step)
				}
				time.Sleep(4 * time.Second)
			}
		})
	})
}

// KIT-092: many who ask share a load, and who leaves leaves it to the others.
func TestSingleFlight(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		cloud.takes = time.Second
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := c.Get(ctx, "a")
			left <- err
		}()
		synctest.Wait() // it began the load
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got, err := c.Get(t.Context(), "a"); got != "a1" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		all.Wait()
		if cloud.count() != 1 {
			t.Errorf("%d loads", cloud.count())
		}
	})
}

// KIT-093: stale is better than none, and is told once.
func TestStale(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		cloud.fail(errDown)
		time.Sleep(2 * time.Minute)
		for range 10 {
			expect(t, c, "a", "a1")
		}
		if cloud.count() != 2 {
			t.Errorf("%d loads, want one retry within %v", cloud.count(), 10*time.Second)
		}
		cloud.mu.Lock()
		cloud.takes = time.Minute // who asks does not wait for a cloud that fails
		cloud.mu.Unlock()
		time.Sleep(11 * time.Second)
		start := time.Now()
		expect(t, c, "a", "a1")
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v for a value that was there", waited)
		}
		time.Sleep(2 * time.Minute)
		cloud.mu.Lock()
		cloud.err, cloud.takes = nil, 0
		cloud.mu.Unlock()
		expect(t, c, "a", "a4") // the last failure is too long ago to give the old value
		cloud.fail(errDown)
		time.Sleep(time.Hour)
		expect(t, c, "a", "a4")
		want := []string{"a 2m0s the cloud does not answer", "a 1h0m0s the cloud does not answer"}
		if got := cloud.stale; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
	t.Run("a failed refresh keeps the value", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			expect(t, c, "a", "a1")
			cloud.fail(errDown)
			time.Sleep(50 * time.Second)
			expect(t, c, "a", "a1")
			expect(t, c, "a", "a1")
			if known, _ := c.Peek("a"); known.Age != 50*time.Second {
				t.Errorf("its age is %v", known.Age)
			}
		})
	})
	t.Run("a failed refresh long ago does not excuse a stale value", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			expect(t, c, "a", "a1")
			cloud.fail(errDown)
			time.Sleep(50 * time.Second)
			expect(t, c, "a", "a1")
			cloud.fail(nil)
			time.Sleep(time.Hour)
			expect(t, c, "a", "a3")
		})
	})
	t.Run("up to an age", func(t *testing.T) {
		opts := options()
		opts.MaxAge = time.Hour
		inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			expect(t, c, "a", "a1")
			cloud.fail(errDown)
			time.Sleep(59 * time.Minute)
			expect(t, c, "a", "a1")
			time.Sleep(2 * time.Minute)
			expect(t, c, "a", errDown.Error())
		})
	})
	t.Run("none is none", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			cloud.fail(errDown)
			expect(t, c, "a", errDown.Error())
			if len(cloud.stale) != 0 || c.Len() != 0 {
				t.Errorf("told %q, %d entries", cloud.stale, c.Len())
			}
			cloud.fail(nil)
			expect(t, c, "a", "a2")
		})
	})
}

// KIT-094: a negative answer is kept for a time of its own.
func TestNegative(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		cloud.fail(errGone)
		time.Sleep(time.Minute)
		expect(t, c, "a", errGone.Error()) // and not the stale value: it is gone
		cloud.fail(nil)
		time.Sleep(4 * time.Second)
		expect(t, c, "a", errGone.Error())
		if cloud.count() != 2 || len(cloud.stale) != 0 {
			t.Errorf("%d loads, told %q", cloud.count(), cloud.stale)
		}
		time.Sleep(time.Second)
		expect(t, c, "a", "a3")
	})
	t.Run("a failure does not prolong it", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			cloud.fail(errGone)
			expect(t, c, "a", errGone.Error())
			cloud.fail(errDown)
			time.Sleep(6 * time.Second)
			for range 3 {
				expect(t, c, "a", errDown.Error())
			}
			if c.Len() != 0 {
				t.Error("it is kept")
			}
			cloud.fail(nil)
			expect(t, c, "a", "a5") // and not what it was before
		})
	})
	t.Run("not kept without a time", func(t *testing.T) {
		opts := options()
		opts.NegativeTTL = 0
		inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			cloud.fail(errGone)
			expect(t, c, "a", errGone.Error())
			if c.Len() != 0 {
				t.Error("it is kept")
			}
			cloud.fail(nil)
			expect(t, c, "a", "a2")
		})
	})
}

// KIT-095: what was invalidated or replaced does not come back.
func TestInvalidate(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		expect(t, c, "b", "b2")
		c.Invalidate("a")
		expect(t, c, "a", "a3")
		expect(t, c, "b", "b2")
		c.InvalidateAll()
		cloud.fail(errDown)
		expect(t, c, "b", errDown.Error()) // not even as a stale value
	})
	t.Run("a load that began before is not given to who asks after", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			cloud.takes = time.Second
			before := make(chan string, 1)
			go func() {
				got, _ := c.Get(t.Context(), "a")
				before <- got
			}()
			synctest.Wait()
			c.Invalidate("a")
			expect(t, c, "a", "a2")
			if got := <-before; got != "a1" {
				t.Errorf("who asked before got %q", got)
			}
			expect(t, c, "a", "a2")
		})
	})
	t.Run("nor does it replace what was put", func(t *testing.T) {
		inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
			cloud.takes = time.Second
			go func() { _, _ = c.Get(t.Context(), "a") }()
			synctest.Wait()
			c.Put("a", "put")
			time.Sleep(2 * time.Second)
			expect(t, c, "a", "put")
		})
	})
}

// KIT-096: there are never more entries than the bound; the one used longest ago
// goes first.
func TestBounded(t *testing.T) {
	opts := options()
	opts.MaxEntries = 2
	inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], _ *cloud) {
		expect(t, c, "a", "a1")
		expect(t, c, "b", "b2")
		expect(t, c, "a", "a1")
		expect(t, c, "c", "c3") // b goes
		expect(t, c, "a", "a1")
		expect(t, c, "b", "b4")
		if c.Len() != 2 {
			t.Errorf("%d entries, of at most 2", c.Len())
		}
	})
}

// KIT-096: what is held is listed, fresh or not; what is being loaded or was
// forgotten is not.
func TestKeys(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		for _, key := range []string{"a", "b", "c"} {
			expect(t, c, key, key)
		}
		expect(t, c, "a", "a1")
		c.Invalidate("b")
		cloud.fail(errDown)
		expect(t, c, "d", errDown.Error())
		time.Sleep(time.Hour)
		if got := fmt.Sprint(c.Keys()); got != "[a c]" {
			t.Errorf("it lists %s, not the keys held, the one used last first", got)
		}
	})
}

// KIT-096: a load that fails costs no value.
func TestFailedLoadsEvictNothing(t *testing.T) {
	opts := options()
	opts.MaxEntries = 2
	inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		expect(t, c, "b", "b2")
		cloud.fail(errDown)
		for _, key := range []string{"c", "d", "e"} {
			expect(t, c, key, errDown.Error())
		}
		expect(t, c, "a", "a1")
		expect(t, c, "b", "b2")
		cloud.fail(errGone)
		expect(t, c, "f", errGone.Error()) // an answer, if negative: a goes
		cloud.fail(errDown)
		expect(t, c, "a", errDown.Error())
		expect(t, c, "b", "b2")
		if c.Len() != 2 {
			t.Errorf("%d entries, of at most 2", c.Len())
		}
	})
}

// KIT-096: a load of a key that was invalidated meanwhile takes no room.
func TestInvalidatedLoadTakesNoRoom(t *testing.T) {
	opts := options()
	opts.MaxEntries = 1
	inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		cloud.takes = time.Second
		go func() { _, _ = c.Get(t.Context(), "a") }()
		synctest.Wait()
		c.Invalidate("a")
		time.Sleep(2 * time.Second)
		c.Put("b", "put")
		c.Put("c", "put")
		if _, kept := c.Peek("c"); !kept || c.Len() != 1 {
			t.Errorf("the last value kept: %v; %d entries, of at most 1", kept, c.Len())
		}
	})
}

// KIT-096.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	metrics, err := cache.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	opts := options()
	opts.Metrics = metrics
	inTime(t, opts, func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		cloud.fail(errDown)
		time.Sleep(90 * time.Second)
		expect(t, c, "a", "a1")
	})
	want := `
# HELP karpenter_cloudprovider_cache_age_seconds Age of the value that a cache of the provider returned last, by cache.
# TYPE karpenter_cloudprovider_cache_age_seconds gauge
karpenter_cloudprovider_cache_age_seconds{cache="images"} 90
# HELP karpenter_cloudprovider_cache_load_failures_total Failed loads of a cache of the provider, by cache.
# TYPE karpenter_cloudprovider_cache_load_failures_total counter
karpenter_cloudprovider_cache_load_failures_total{cache="images"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if _, err := cache.NewMetrics(registry); err == nil {
		t.Error("registered twice without an error")
	}
}

// KIT-092: a load that misbehaves is an error of who waits for it.
func TestBadLoads(t *testing.T) {
	for name, tt := range map[string]struct {
		load func(ctx context.Context, key string) (string, error)
		want error
	}{
		"panic":                {func(context.Context, string) (string, error) { panic("oh") }, cache.ErrPanicked},
		"end of its goroutine": {func(context.Context, string) (string, error) { runtime.Goexit(); return "", nil }, cache.ErrPanicked},
		"never ends": {func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cache.New(options(), cache.Source[string, string]{Load: tt.load})
				defer c.Close()
				if _, err := c.Get(t.Context(), "a"); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// KIT-096: after Close nothing is loaded, and what is known can still be read.
func TestClose(t *testing.T) {
	inTime(t, options(), func(t *testing.T, c *cache.Cache[string, string], cloud *cloud) {
		expect(t, c, "a", "a1")
		cloud.takes = 30 * time.Second
		waits := make(chan error, 1)
		go func() {
			_, err := c.Get(t.Context(), "b")
			waits <- err
		}()
		synctest.Wait()
		c.Close()
		if err := <-waits; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited got %v", err)
		}
		expect(t, c, "a", "a1")
		if _, err := c.Get(t.Context(), "c"); !errors.Is(err, cache.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
