// SPDX-License-Identifier: Apache-2.0

package address

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/internal/inflight"
)

// DefaultRetention is how long a reading holds unless told otherwise.
const DefaultRetention = 15 * time.Minute

// Options is what a Pool is made of.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// Lag is how late the cloud's count may be behind a successful launch; 0 means
	// 1 minute (KIT-031).
	Lag time.Duration
	// Hold bounds how long a launch is counted; 0 means 15 minutes.
	Hold time.Duration
	// Retention is how long a reading holds; 0 means DefaultRetention (KIT-038).
	// Keep it above the time between two readings.
	Retention time.Duration
}

// Network is a network as the cloud reports it.
type Network struct {
	ID string
	// Free addresses; 0 or more.
	Free int64
}

// Want is what a launch wants of one zone.
type Want struct {
	Zone string
	// Networks are the usable ones; the first of equals is chosen.
	Networks []string
	// Need is how many addresses the smallest machine would take that the launch
	// may lead to, its pods included if they get theirs from the same network; at
	// least 1.
	Need int64
}

// reading is what the cloud said of a network.
type reading struct {
	free  int64
	began time.Time
}

// Pool counts the free addresses of networks. It is safe for concurrent use.
type Pool struct {
	opts Options

	mu       sync.Mutex
	readings map[string]reading
	book     *inflight.Book
}

// New returns a pool that knows no network.
func New(opts Options) *Pool {
	if opts.Retention <= 0 {
		opts.Retention = DefaultRetention
	}
	return &Pool{
		opts:     opts,
		readings: map[string]reading{},
		book:     inflight.New(inflight.Terms{Lag: opts.Lag, Hold: opts.Hold}),
	}
}

// Read takes a reading of some networks that began at a time. Networks of which
// something later is known stay as they are (KIT-038). An impossible one is an
// error, and nothing is taken.
func (p *Pool) Read(began time.Time, networks []Network) error {
	for _, n := range networks {
		if n.ID == "" || n.Free < 0 {
			return fmt.Errorf("reading the free addresses of network %q: %d cannot be", n.ID, n.Free)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range networks {
		if began.Before(p.readings[n.ID].began) {
			continue
		}
		p.readings[n.ID] = reading{free: n.Free, began: began}
		p.book.Read(n.ID, began)
	}
	p.expire()
	return nil
}

// Reserve chooses a network for each zone and takes the need from it, in place of
// what this launch took before. The result is by zone; a zone without a network
// that has room is left out. A network that serves several zones is taken from
// once, as one machine comes of the launch.
func (p *Pool) Reserve(launch string, wants []Want) map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire()
	chosen, amounts := map[string]string{}, inflight.Amounts{}
	for _, want := range wants {
		if network, ok := p.choose(want, launch); ok {
			chosen[want.Zone] = network
			amounts[network] = max(amounts[network], want.need())
		}
	}
	p.book.Begin(launch, amounts, p.opts.Clock.Now())
	return chosen
}

// Settle tells that a launch succeeded and what it took from which network; its
// other networks get back what was reserved.
func (p *Pool) Settle(launch, network string, taken int64) {
	p.SettleEach(launch, map[string]int64{network: taken})
}

// SettleEach is Settle for a launch of several machines, which took addresses from
// several networks (KIT-037).
func (p *Pool) SettleEach(launch string, taken map[string]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.Settle(launch, taken, p.opts.Clock.Now())
}

// Release gives back what a failed launch reserved.
func (p *Pool) Release(launch string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.Release(launch)
}

// Exhausted tells that the cloud refused a launch because the network is full
// (KIT-039).
func (p *Pool) Exhausted(network string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Clock.Now()
	// A reading that began at this very moment does not know of it.
	p.readings[network] = reading{began: now.Add(1)}
}

// Choose returns the network that a launch would be given now; false if none has
// room.
func (p *Pool) Choose(want Want) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire()
	return p.choose(want, "")
}

// Free returns what a network has left, launches in flight subtracted; false if
// there is no reading of it.
func (p *Pool) Free(network string) (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire()
	return p.free(network, "")
}

// choose looks at what other launches leave.
func (p *Pool) choose(want Want, launch string) (string, bool) {
	best, unknown := "", ""
	most := int64(-1)
	for _, network := range want.Networks {
		free, known := p.free(network, launch)
		switch {
		case !known && unknown == "":
			unknown = network
		case known && free >= want.need() && free > most:
			best, most = network, free
		}
	}
	if best == "" {
		best = unknown
	}
	return best, best != ""
}

func (w Want) need() int64 { return max(w.Need, 1) }

func (p *Pool) free(network, launch string) (int64, bool) {
	r, known := p.readings[network]
	if !known {
		return 0, false
	}
	return max(r.free-p.book.TotalBut(network, launch), 0), true
}

// expire drops what time has ended.
func (p *Pool) expire() {
	now := p.opts.Clock.Now()
	p.book.Expire(now)
	maps.DeleteFunc(p.readings, func(_ string, r reading) bool { return !now.Before(r.began.Add(p.opts.Retention)) })
}
