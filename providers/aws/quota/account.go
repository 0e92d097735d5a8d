// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/quota"
	"karpenter.sh/core/engine/ration"
)

const (
	// lag is how long after a launch EC2 may not show its machine.
	lag = time.Minute
	// hold bounds how long a launch is counted (KIT-031).
	hold = 15 * time.Minute
)

// Account is what the account may launch. It is safe for concurrent use.
//
// A launch takes quota by Begin before it is asked for, under the UID of its NodeClaim,
// and tells what came of it by Settle or Release. One whose outcome nobody knows tells
// nothing, and is counted for 15 minutes (KIT-031).
type Account struct {
	clock   clock.PassiveClock
	tracker *quota.Tracker

	mu sync.Mutex
	// recent are machines that count as launches, by ID, with when they were launched:
	// EC2 shows most of them already.
	recent map[string]time.Time
	// swept is when those were forgotten last whose hold has ended.
	swept time.Time
}

// NewAccount returns an account that nothing is known of: nothing is limited.
func NewAccount(c clock.PassiveClock) *Account {
	return &Account{clock: c, tracker: quota.New(quota.Options{Clock: c, Lag: lag, Hold: hold}), recent: map[string]time.Time{}}
}

// Begin takes what a launch draws. The error is a lack of capacity: less is left.
func (a *Account) Begin(nodeClaim types.UID, draws []ration.Draw) error {
	if err := a.tracker.Begin(string(nodeClaim), needs(draws)); err != nil {
		return cloudprovider.NewInsufficientCapacityError(fmt.Errorf("vCPU %w", err))
	}
	return nil
}

// Settle tells which machine a launch brought, and what that draws.
func (a *Account) Settle(nodeClaim types.UID, instanceID string, draws []ration.Draw) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	if now.Sub(a.swept) >= lag { // without the permission no reading ever forgets any
		a.swept = now
		a.forget(now.Add(-hold))
	}
	a.recent[instanceID] = now // also before the first reading, which may be under way
	a.tracker.Settle(string(nodeClaim), needs(draws))
}

// Release tells that a launch brought nothing.
func (a *Account) Release(nodeClaim types.UID) { a.tracker.Release(string(nodeClaim)) }

// Refused tells that EC2 refused a machine because of a limit, which by the figures had
// room for it (KIT-034). The draw is that of the machine, and of those that were launched
// with it and are not settled yet.
func (a *Account) Refused(d ration.Draw) { a.tracker.Refused(d.Limit, d.Amount) }

// Left is what can still be taken of a limit; false if it is not known.
func (a *Account) Left(limit string) (int64, bool) { return a.tracker.Snapshot().Left(limit) }

// Limits implement cloudprovider.Limiter.
func (a *Account) Limits() cloudprovider.Limits {
	now, launches := a.tracker.Counted()
	out := cloudprovider.Limits{Counts: func(nodeClaim types.UID) bool { return launches[string(nodeClaim)] }}
	for _, l := range now.All() {
		out.Shared = append(out.Shared, cloudprovider.SharedLimit{Name: l.Name, Max: l.Max, Used: l.Used, InFlight: l.InFlight})
	}
	return out
}

// read takes a reading that began at a time: the limits, and what EC2 shows in use.
func (a *Account) read(began time.Time, limits map[string]int64, shown []use) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	used := map[string]int64{}
	for _, u := range shown {
		if launched, recent := a.recent[u.instance]; !recent || !began.Before(launched.Add(lag)) {
			used[u.limit] += u.vcpus
		}
	}
	var read []quota.Limit
	for name, most := range limits {
		read = append(read, quota.Limit{Name: name, Max: most, Used: used[name]})
	}
	if err := a.tracker.Read(began, read); err != nil {
		return fmt.Errorf("taking in the vCPU quotas: %w", err)
	}
	a.forget(began.Add(-lag)) // as the tracker does
	return nil
}

// forget drops machines that were launched by a time, and count as launches no more.
func (a *Account) forget(by time.Time) {
	for id, launched := range a.recent {
		if !launched.After(by) {
			delete(a.recent, id)
		}
	}
}

// tight reports whether a limit is nearly used up, so that news of it matter.
func (a *Account) tight() bool {
	for _, l := range a.tracker.Snapshot().All() {
		if l.Max > 0 && l.Left() < l.Max/4 {
			return true
		}
	}
	return false
}

// use is what an instance uses of a limit.
type use struct {
	// instance is its ID; empty for capacity that is reserved and not used.
	instance string
	limit    string
	vcpus    int64
}

func needs(draws []ration.Draw) quota.Needs {
	out := make(quota.Needs, len(draws))
	for i, d := range draws {
		out[i] = quota.Need{Limit: d.Limit, Amount: d.Amount}
	}
	return out
}
