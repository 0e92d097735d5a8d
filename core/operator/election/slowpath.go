// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// countedLock counts the renewals that take the slow path: a leader writes the lease
// as it saw it last, and reads it first only if that failed (OPS-300). The library has
// a counter for it, which nobody can register.
type countedLock struct {
	resourcelock.Interface
	slow prometheus.Counter
	// ownRead says that the lease was read since the last write, and is ours.
	ownRead atomic.Bool
}

// Get implements resourcelock.Interface.
func (l *countedLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	l.ownRead.Store(err == nil && record.HolderIdentity == l.Identity())
	return record, raw, err
}

// Update implements resourcelock.Interface. Giving the lease up is no renewal.
func (l *countedLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if l.ownRead.Swap(false) && record.HolderIdentity == l.Identity() {
		l.slow.Inc()
	}
	return l.Interface.Update(ctx, record)
}
