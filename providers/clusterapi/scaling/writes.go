// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/providers/clusterapi/capi"
)

// rememberFor is how long a write is remembered.
const rememberFor = 10 * time.Minute

// Write is one of the replicas of a deployment.
type Write struct {
	// Deployment is its UID.
	Deployment types.UID
	// Replicas that were written, and the version of the deployment that has them.
	Replicas        int32
	ResourceVersion string
	// At is when it was written.
	At time.Time
}

// LastWrite is the one of a deployment's replicas that was made last; false if there was
// none lately, if it is not certain whether it was done, or if another is on its way.
func (s *Scaler) LastWrite(deployment types.NamespacedName) (Write, bool) {
	return s.writes.last(deployment)
}

// writes remembers the last write of each deployment. It is safe for concurrent use.
type writes struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	done  map[types.NamespacedName]Write
}

// write forgets the write before, lest what comes of this one seems to be somebody else's
// doing, makes another, and remembers that.
func (w *writes) write(deployment types.NamespacedName, after *capi.MachineDeployment, send func() error) error {
	w.mu.Lock()
	delete(w.done, deployment)
	w.mu.Unlock()
	if err := send(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	maps.DeleteFunc(w.done, func(_ types.NamespacedName, of Write) bool { return now.Sub(of.At) > rememberFor })
	w.done[deployment] = Write{Deployment: after.UID, Replicas: after.Replicas(), ResourceVersion: after.ResourceVersion, At: now}
	return nil
}

func (w *writes) last(deployment types.NamespacedName) (Write, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, ok := w.done[deployment]
	return of, ok
}
