// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/retry"
)

var (
	errThrottled = errors.New("too many requests")
	errDenied    = errors.New("not allowed")
)

func policy() retry.Policy {
	return retry.Policy{Throttled: func(err error) bool { return errors.Is(err, errThrottled) }, First: time.Second, Most: 5 * time.Second, Clock: clock.RealClock{}}
}

func TestDo(t *testing.T) {
	throttled := func(n int) []error { return slices.Repeat([]error{errThrottled}, n) }
	for name, tt := range map[string]struct {
		policy   func(*retry.Policy)
		answers  []error // nil afterwards
		deadline time.Duration
		at       []time.Duration // of the calls
		took     time.Duration
		want     error
	}{
		"KIT-097 the first answer that is not throttled": {answers: nil, at: seconds(0)},
		"KIT-097 pauses double, up to the most":          {answers: throttled(5), at: seconds(0, 1, 3, 7, 12, 17), took: 17 * time.Second},
		"KIT-097 other errors are not repeated":          {answers: []error{errThrottled, errDenied}, at: seconds(0, 1), took: time.Second, want: errDenied},
		"KIT-097 jitter halves a pause at most": {
			policy:  func(p *retry.Policy) { p.Random = func() float64 { return 0.5 } },
			answers: throttled(1), at: []time.Duration{0, 750 * time.Millisecond}, took: 750 * time.Millisecond,
		},
		"KIT-098 what the cloud asks for is the least": {
			policy:  func(p *retry.Policy) { p.After = func(error) time.Duration { return 8 * time.Second } },
			answers: throttled(1), at: seconds(0, 8), took: 8 * time.Second,
		},
		"KIT-098 what the cloud asks of many is not done by all at once": {
			policy: func(p *retry.Policy) {
				p.After, p.Random = func(error) time.Duration { return 8 * time.Second }, func() float64 { return 0.5 }
			},
			answers: throttled(1), at: []time.Duration{0, 9250 * time.Millisecond}, took: 9250 * time.Millisecond,
		},
		"KIT-097 the first pause is bounded too": {
			policy:  func(p *retry.Policy) { p.First = time.Minute },
			answers: throttled(1), at: seconds(0, 5), took: 5 * time.Second,
		},
		"KIT-099 no pause outlasts the deadline: it gives up before, with the cloud's error": {
			answers: throttled(9), deadline: 6 * time.Second, at: seconds(0, 1, 3), took: 3 * time.Second, want: errThrottled,
		},
		"KIT-099 the calls are bounded": {
			policy:  func(p *retry.Policy) { p.Calls = 2 },
			answers: throttled(9), at: seconds(0, 1), took: time.Second, want: errThrottled,
		},
		"KIT-099 by default too": {
			answers: throttled(99), at: seconds(0, 1, 3, 7, 12, 17, 22, 27, 32, 37), took: 37 * time.Second, want: errThrottled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := policy()
				if tt.policy != nil {
					tt.policy(&p)
				}
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				start := time.Now()
				var at []time.Duration
				_, err := retry.Do(ctx, p, func(context.Context) (struct{}, error) {
					at = append(at, time.Since(start))
					if n := len(at); n <= len(tt.answers) {
						return struct{}{}, tt.answers[n-1]
					}
					return struct{}{}, nil
				})
				if !errors.Is(err, tt.want) || !slices.Equal(at, tt.at) || time.Since(start) != tt.took {
					t.Errorf("calls at %v, then %v after %v; want %v, %v, %v", at, err, time.Since(start), tt.at, tt.want, tt.took)
				}
			})
		})
	}
}

func seconds(ns ...time.Duration) []time.Duration {
	for i := range ns {
		ns[i] *= time.Second
	}
	return ns
}

// KIT-099: a cancelled caller does not wait out its pause.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		start, calls := time.Now(), 0
		_, err := retry.Do(ctx, policy(), func(context.Context) (int, error) {
			calls++
			return 0, errThrottled
		})
		if !errors.Is(err, errThrottled) || calls != 1 || time.Since(start) != 500*time.Millisecond {
			t.Errorf("%v after %d calls and %v", err, calls, time.Since(start))
		}
	})
}
