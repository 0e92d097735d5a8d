// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

// ErrNotLeading is what a write gets after leadership was lost, in the cluster or
// in the cloud.
var ErrNotLeading = errors.New("leadership was lost, nothing is written any more")

// lossAfter is the time after a renewal by which the loss of the lease has been
// seen. It ends before another replica may take the lease.
const lossAfter = RenewDeadline + RetryPeriod

// Fence keeps a replica that lost the lease from writing while it ends, which
// can take longer than the lease lasts (OPS-059). It watches the lock for
// renewals, and stands before the main client ([Fence.Wrap]) and the cloud
// ([Fence.Provider]). Before the first renewal it lets everything pass, since
// nothing that writes has been started.
type Fence struct {
	clock clock.Clock

	mu      sync.Mutex
	led     bool
	renewed time.Time
	// released is set when this replica gave the lease up by itself.
	released bool
	// taken is closed when somebody else was seen to hold the lease.
	taken     chan struct{}
	takenOnce sync.Once
}

// NewFence returns a fence that lets everything pass until the first renewal.
func NewFence(c clock.Clock) *Fence { return &Fence{clock: c, taken: make(chan struct{})} }

// Observe returns a lock that tells the fence of its renewals.
func (f *Fence) Observe(lock resourcelock.Interface) resourcelock.Interface {
	return &observedLock{Interface: lock, fence: f}
}

// Wrap returns a transport that refuses writes when the lease is lost.
func (f *Fence) Wrap(next http.RoundTripper) http.RoundTripper {
	return &fencedTransport{next: next, fence: f}
}

// held notes the outcome of a request that began at some time and left the
// lease with a holder.
func (f *Fence) held(by bool, began time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if by {
		f.led, f.renewed = true, began
	} else if f.led {
		f.renewed, f.released = time.Time{}, true
	}
}

// found notes that somebody else holds the lease.
func (f *Fence) found() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.led && !f.released {
		f.renewed = time.Time{}
		f.takenOnce.Do(func() { close(f.taken) })
	}
}

// Check returns ErrNotLeading if nothing may be written any more.
func (f *Fence) Check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.led && f.left() <= 0 {
		return ErrNotLeading
	}
	return nil
}

// left is how long the last renewal still counts.
func (f *Fence) left() time.Duration { return lossAfter - f.clock.Since(f.renewed) }

// AwaitLoss returns ErrNotLeading as soon as the lease is lost, and nil when the
// context ends. A lease that was given up is not lost.
func (f *Fence) AwaitLoss(ctx context.Context) error {
	for {
		wait, lost := f.outlook()
		if lost {
			return ErrNotLeading
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.taken:
			return ErrNotLeading
		case <-f.clock.After(wait):
		}
	}
}

// outlook is when the lease may be lost at the earliest, and whether it is.
func (f *Fence) outlook() (wait time.Duration, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.led || f.released {
		return lossAfter, false
	}
	wait = f.left()
	return wait, wait <= 0
}

type observedLock struct {
	resourcelock.Interface
	fence *Fence
}

// Get implements resourcelock.Interface.
func (l *observedLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err == nil && record.HolderIdentity != "" && record.HolderIdentity != l.Identity() {
		l.fence.found()
	}
	return record, raw, err
}

// Create implements resourcelock.Interface.
func (l *observedLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(record, func() error { return l.Interface.Create(ctx, record) })
}

// Update implements resourcelock.Interface.
func (l *observedLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(record, func() error { return l.Interface.Update(ctx, record) })
}

// write closes the fence before the lease is given up, not after.
func (l *observedLock) write(record resourcelock.LeaderElectionRecord, send func() error) error {
	ours := record.HolderIdentity == l.Identity()
	began := l.fence.clock.Now()
	if !ours {
		l.fence.held(false, began)
		return send()
	}
	err := send()
	if err == nil {
		l.fence.held(true, began)
	}
	return err
}

type fencedTransport struct {
	next  http.RoundTripper
	fence *Fence
}

// RoundTrip implements http.RoundTripper.
func (t *fencedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if !writes(request.Method) {
		return t.next.RoundTrip(request)
	}
	if err := t.fence.Check(); err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, err
	}
	return t.next.RoundTrip(request)
}

func writes(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}
