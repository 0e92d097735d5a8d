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

// ErrNotLeading is what a write gets after leadership was lost.
var ErrNotLeading = errors.New("leadership was lost, nothing is written any more")

// lossAfter is the time after a renewal by which the loss of the lease has been
// seen. It ends before another replica may take the lease.
const lossAfter = RenewDeadline + RetryPeriod

// Fence keeps a replica that lost the lease from writing while it ends, which
// can take longer than the lease lasts (OPS-059). It watches the lock for
// renewals and the main client for writes. Before the first renewal it lets
// everything pass, since nothing that writes has been started.
type Fence struct {
	clock clock.PassiveClock

	mu      sync.Mutex
	led     bool
	renewed time.Time
}

// NewFence returns a fence that lets everything pass until the first renewal.
func NewFence(c clock.PassiveClock) *Fence { return &Fence{clock: c} }

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
		f.renewed = time.Time{}
	}
}

// open reports whether writes may pass.
func (f *Fence) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.led || f.clock.Since(f.renewed) < lossAfter
}

type observedLock struct {
	resourcelock.Interface
	fence *Fence
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
	if writes(request.Method) && !t.fence.open() {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, ErrNotLeading
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
