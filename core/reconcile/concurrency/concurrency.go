// SPDX-License-Identifier: Apache-2.0

package concurrency

import (
	"time"

	"golang.org/x/time/rate"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
)

// The number of cores at which a scaled controller reaches its most workers.
const fullScaleCores = 60

// Profile is how one controller works: from Min workers on one core to Max on
// sixty, with Backoff between the attempts of an object that fails.
type Profile struct {
	Min, Max int
	Backoff  Backoff
}

// Backoff delays the retries of failures. The delay of an item doubles from
// Base to Longest and starts over after a success. Beside it all retries of the
// controller share one token bucket, and the longer delay wins. Timed requeues
// are not throttled.
type Backoff struct {
	Base, Longest time.Duration
	// Rate and Burst are the bucket's, in retries a second and retries.
	Rate, Burst int
	// RatePercent, when set, takes the place of Rate: percents of the
	// controller's workers, rounded up, with a burst of ten times as much.
	RatePercent int
}

// DefaultBackoff is that of controllers without a reason for another.
func DefaultBackoff() Backoff {
	return Backoff{Base: 5 * time.Millisecond, Longest: 1000 * time.Second, Rate: 10, Burst: 100}
}

// Fixed is the profile of a controller with the same number of workers on every
// machine and the default backoff.
func Fixed(workers int) Profile {
	return Profile{Min: workers, Max: workers, Backoff: DefaultBackoff()}
}

// Scaled is the profile of a controller whose workers grow with the machine,
// with the default backoff.
func Scaled(least, most int) Profile {
	return Profile{Min: least, Max: most, Backoff: DefaultBackoff()}
}

// inFlight is the share of a client's requests a second that may be in flight: with
// answers that take a fifth of a second, that many keep the client busy.
const inFlight = 5

// leastWorkers is how many workers a slow client leaves.
const leastWorkers = 10

// Within returns the profile with no more workers than a client of so many requests
// a second serves. More would wait for their turn with what they have read growing
// old (LIF-263). A rate that is not positive is no limit.
func (p Profile) Within(perSecond int) Profile {
	if perSecond > 0 {
		most := max(perSecond/inFlight, leastWorkers)
		p.Min, p.Max = min(p.Min, most), min(p.Max, most)
	}
	return p
}

// Workers returns the number of workers for a CPU request in millicores
// (LIF-260).
func (p Profile) Workers(cpuMillis int64) int {
	cores := (cpuMillis + 999) / 1000
	scaled := int64(p.Max-p.Min)*(cores-1)/(fullScaleCores-1) + int64(p.Min)
	return int(min(max(scaled, int64(p.Min)), int64(p.Max)))
}

// Options returns the options of a controller whose items are of type T. The
// caller adds the reconciler.
func Options[T comparable](p Profile, cpuMillis int64) controller.TypedOptions[T] {
	return controller.TypedOptions[T]{
		MaxConcurrentReconciles: p.Workers(cpuMillis),
		RateLimiter:             Limiter[T](p, cpuMillis),
		NewQueue:                calm[T],
	}
}

// Limiter returns a rate limiter with the backoff of the profile.
func Limiter[T comparable](p Profile, cpuMillis int64) workqueue.TypedRateLimiter[T] {
	perSecond, burst := p.Backoff.bucket(p.Workers(cpuMillis))
	return workqueue.NewTypedMaxOfRateLimiter(
		workqueue.NewTypedItemExponentialFailureRateLimiter[T](p.Backoff.Base, p.Backoff.Longest),
		&workqueue.TypedBucketRateLimiter[T]{Limiter: rate.NewLimiter(rate.Limit(perSecond), burst)},
	)
}

// bucket returns the rate and the burst for a number of workers.
func (b Backoff) bucket(workers int) (perSecond, burst int) {
	if b.RatePercent == 0 {
		return b.Rate, b.Burst
	}
	perSecond = (workers*b.RatePercent + 99) / 100
	return perSecond, 10 * perSecond
}
