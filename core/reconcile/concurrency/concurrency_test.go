// SPDX-License-Identifier: Apache-2.0

package concurrency_test

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
)

// LIF-260
func TestWorkers(t *testing.T) {
	tests := []struct {
		name        string
		least, most int
		cpuMillis   int64
		want        int
	}{
		{"one core has the least", 1000, 5000, 1000, 1000},
		{"part of a core counts as one", 1000, 5000, 100, 1000},
		{"part of a second core counts as two", 1000, 5000, 1001, 1067},
		{"two cores", 10, 1000, 2000, 26},
		{"SCH-012 triggers of one core", 10, 1000, 1000, 10},
		{"SCH-012 triggers of part of a third core", 10, 1000, 2001, 43},
		{"SCH-012 triggers of many cores", 10, 1000, 96000, 1000},
		{"the fraction is dropped", 10, 3000, 4000, 162},
		{"sixty cores have the most", 100, 5000, 60000, 5000},
		{"more cores have no more", 100, 5000, 96000, 5000},
		{"no cores at all have the least", 100, 5000, 0, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := concurrency.Scaled(tt.least, tt.most).Workers(tt.cpuMillis); got != tt.want {
				t.Errorf("Workers(%d) = %d, want %d", tt.cpuMillis, got, tt.want)
			}
		})
	}
	if got := concurrency.Fixed(1).Workers(60000); got != 1 {
		t.Errorf("a fixed profile scaled to %d", got)
	}
}

// LIF-260, LIF-079
func TestLimiterDoublesPerItem(t *testing.T) {
	profile := concurrency.Profile{Min: 1000, Max: 5000, Backoff: concurrency.Backoff{
		Base: time.Second, Longest: time.Minute, RatePercent: 1,
	}}
	limiter := concurrency.Limiter[string](profile, 1000)
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if got := limiter.When("a"); got != want*time.Second {
			t.Errorf("failure %d: delay %v, want %v", i+1, got, want*time.Second)
		}
	}
	if got := limiter.When("b"); got != time.Second {
		t.Errorf("another item waits %v for the failures of the first", got)
	}
	limiter.Forget("a")
	if got := limiter.When("a"); got != time.Second {
		t.Errorf("after a success the delay is %v", got)
	}
}

// LIF-260, OPS-054: the bucket of 1 % of 1000 workers holds 100 retries and refills
// with 10 a second.
func TestLimiterShared(t *testing.T) {
	profile := concurrency.Profile{Min: 1000, Max: 5000, Backoff: concurrency.Backoff{
		Base: time.Nanosecond, Longest: time.Microsecond, RatePercent: 1,
	}}
	limiter := concurrency.Limiter[int](profile, 1000)
	for i := range 100 {
		if got := limiter.When(i); got > time.Millisecond {
			t.Fatalf("retry %d of the burst waits %v", i+1, got)
		}
	}
	if got := limiter.When(100); got < 50*time.Millisecond || got > 100*time.Millisecond {
		t.Errorf("the retry after the burst waits %v, want about 100ms", got)
	}
}

// LIF-260
func TestOptions(t *testing.T) {
	options := concurrency.Options[string](concurrency.Scaled(10, 1000), 1000)
	if options.MaxConcurrentReconciles != 10 {
		t.Errorf("%d workers, want 10", options.MaxConcurrentReconciles)
	}
	if got := options.RateLimiter.When("a"); got != 5*time.Millisecond {
		t.Errorf("default backoff begins with %v", got)
	}
}

// OPS-054: shares of the workers are rounded up. Of 183 workers, which is what
// draining has on two cores, a tenth are 19 retries a second, 190 at once.
func TestLimiterRoundsUp(t *testing.T) {
	profile := concurrency.Profile{Min: 100, Max: 5000, Backoff: concurrency.Backoff{
		Base: time.Nanosecond, Longest: time.Microsecond, RatePercent: 10,
	}}
	limiter := concurrency.Limiter[int](profile, 2000)
	var last time.Duration
	for i := range 1000 {
		if last = limiter.When(i); i < 190 && last > time.Millisecond {
			t.Fatalf("retry %d of the burst waits %v", i+1, last)
		}
	}
	if last < 40*time.Second || last > 43*time.Second {
		t.Errorf("810 retries after the burst the wait is %v, want about 42.6s", last)
	}
}

// LIF-263
func TestWithin(t *testing.T) {
	tests := []struct {
		name      string
		perSecond int
		want      int
	}{
		{"what the client serves", 200, 40},
		{"a slow client leaves some", 20, 10},
		{"a fast client bounds nothing", 5000, 100},
		{"no rate is no bound", -1, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := concurrency.Scaled(100, 5000).Within(tt.perSecond).Workers(1000); got != tt.want {
				t.Errorf("%d workers, want %d", got, tt.want)
			}
		})
	}
}

// LIF-260: a loop that fails for long looks again as often as it does anyway.
func TestLoopsDoNotSleepLonger(t *testing.T) {
	limiter := concurrency.Loop(time.Minute).RateLimiter
	var wait time.Duration
	for range 30 {
		wait = limiter.When(reconcile.Request{})
	}
	if wait > time.Minute {
		t.Errorf("the next look comes after %v", wait)
	}
}
