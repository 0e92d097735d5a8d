// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

// rememberFor is how long the result of a creation is remembered.
const rememberFor = time.Hour

// launches remembers, by name, what the provider answered to the creation of
// each NodeClaim's instance: the result until it is seen stored, so that no
// instance is created twice or forgotten (LIF-080, LIF-124), and after a failure
// when to ask again. Safe for concurrent use.
type launches struct {
	clock   clock.PassiveClock
	backoff workqueue.TypedRateLimiter[types.UID]

	mu     sync.Mutex
	byName map[types.NamespacedName]launch
}

type launch struct {
	uid     types.UID
	created *v1.NodeClaim // nil after a failure
	until   time.Time     // when the result is forgotten, or a failure may be repeated
}

func newLaunches(clk clock.PassiveClock, p concurrency.Profile, cpuMillis int64) *launches {
	return &launches{
		clock:   clk,
		backoff: concurrency.Limiter[types.UID](p, cpuMillis),
		byName:  map[types.NamespacedName]launch{},
	}
}

// created returns the result of a successful creation, or nil.
func (l *launches) created(nodeClaim *v1.NodeClaim) *v1.NodeClaim {
	entry := l.get(nodeClaim)
	if l.clock.Now().After(entry.until) {
		return nil
	}
	return entry.created
}

// wait returns how long to wait before the provider is asked again; zero when it
// may be asked now.
func (l *launches) wait(nodeClaim *v1.NodeClaim) time.Duration {
	entry := l.get(nodeClaim)
	if entry.created != nil {
		return 0
	}
	return max(entry.until.Sub(l.clock.Now()), 0)
}

// get returns what is remembered of this very NodeClaim, not of an earlier one
// of its name.
func (l *launches) get(nodeClaim *v1.NodeClaim) launch {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := l.byName[client.ObjectKeyFromObject(nodeClaim)]
	if entry.uid != nodeClaim.UID {
		return launch{}
	}
	return entry
}

// succeeded remembers the result of a creation.
func (l *launches) succeeded(nodeClaim, created *v1.NodeClaim) {
	l.backoff.Forget(nodeClaim.UID)
	l.put(nodeClaim, launch{uid: nodeClaim.UID, created: created, until: l.clock.Now().Add(rememberFor)})
}

// failed remembers a failure and returns how long to wait after it (LIF-079).
func (l *launches) failed(nodeClaim *v1.NodeClaim) time.Duration {
	delay := l.backoff.When(nodeClaim.UID)
	l.put(nodeClaim, launch{uid: nodeClaim.UID, until: l.clock.Now().Add(delay)})
	return delay
}

func (l *launches) put(nodeClaim *v1.NodeClaim, entry launch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byName[client.ObjectKeyFromObject(nodeClaim)] = entry
}

// forget drops what is remembered under a name.
func (l *launches) forget(key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backoff.Forget(l.byName[key].uid)
	delete(l.byName, key)
}
