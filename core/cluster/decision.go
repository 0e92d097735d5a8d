// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// Decision is what became of a pending pod so far, in this process's memory
// (LIF-053). Zero times have not come.
type Decision struct {
	// Acknowledged is when the pod was first seen pending.
	Acknowledged time.Time
	// Attempted is when a round first decided about it, either way.
	Attempted time.Time
	// Schedulable is when a place was first found.
	Schedulable time.Time
	// SchedulableHealthy is when a place was first found in a pool whose nodes
	// are known to register.
	SchedulableHealthy time.Time
	// NodeClaim is the one the pod was last assigned to.
	NodeClaim string
}

// Placement is where a round put a pod.
type Placement struct {
	// NodeClaim is empty for nodes without one.
	NodeClaim string
	// HealthyPool says that the pool's NodeRegistrationHealthy is true.
	HealthyPool bool
}

// Decisions are kept by namespaced name until the pod is deleted. Safe for
// concurrent use; it has a lock of its own.
type Decisions struct {
	clock    clock.PassiveClock
	duration prometheus.Histogram

	mu   sync.Mutex
	pods map[types.NamespacedName]decided
}

// decided is a decision with the pod it is about: another pod of the same name
// begins anew.
type decided struct {
	uid types.UID
	Decision
}

func newDecisions(clk clock.PassiveClock, duration prometheus.Histogram) *Decisions {
	return &Decisions{clock: clk, duration: duration, pods: map[types.NamespacedName]decided{}}
}

// Acknowledge records that a pod was seen pending (SCH-013).
func (d *Decisions) Acknowledge(pod *corev1.Pod) {
	d.change(pod, func(r *Decision, now time.Time) { keepFirst(&r.Acknowledged, now) })
}

// Placed records that a round found a place for a pod. Bound pods are skipped
// (SCH-240).
func (d *Decisions) Placed(pod *corev1.Pod, at Placement) {
	d.change(pod, func(r *Decision, now time.Time) {
		d.attempted(r, now)
		keepFirst(&r.Schedulable, now)
		if at.HealthyPool {
			keepFirst(&r.SchedulableHealthy, now)
		} else {
			r.SchedulableHealthy = time.Time{}
		}
		r.NodeClaim = at.NodeClaim
	})
}

// Failed records that a round found no place for a pod. Bound pods are skipped.
func (d *Decisions) Failed(pod *corev1.Pod) {
	d.change(pod, func(r *Decision, now time.Time) {
		d.attempted(r, now)
		r.Schedulable, r.SchedulableHealthy, r.NodeClaim = time.Time{}, time.Time{}, ""
	})
}

// attempted records the first attempt and how long it took to come.
func (d *Decisions) attempted(r *Decision, now time.Time) {
	if r.Attempted.IsZero() && !r.Acknowledged.IsZero() {
		d.duration.Observe(now.Sub(r.Acknowledged).Seconds())
	}
	keepFirst(&r.Attempted, now)
}

func keepFirst(t *time.Time, now time.Time) {
	if t.IsZero() {
		*t = now
	}
}

func (d *Decisions) change(pod *corev1.Pod, change func(*Decision, time.Time)) {
	if pod.Spec.NodeName != "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.pods[podKey(pod)]
	if r.uid != pod.UID {
		r = decided{uid: pod.UID}
	}
	change(&r.Decision, d.clock.Now())
	d.pods[podKey(pod)] = r
}

// Of returns what is recorded of a pod.
func (d *Decisions) Of(key types.NamespacedName) (Decision, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.pods[key]
	return r.Decision, ok
}

// OfPod returns what is recorded of one pod, not of another one that had its
// name before.
func (d *Decisions) OfPod(key types.NamespacedName, uid types.UID) (Decision, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.pods[key]; ok && r.uid == uid {
		return r.Decision, true
	}
	return Decision{}, false
}

// Forget drops what is recorded of a pod that is gone.
func (d *Decisions) Forget(key types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pods, key)
}
