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
	// NodeClaim is the one the pod was last assigned to, Node the Node without one;
	// Assigned is since when.
	NodeClaim, Node string
	Assigned        time.Time
}

// Placement is where a round put a pod.
type Placement struct {
	// NodeClaim is empty for nodes without one, which have a Node.
	NodeClaim, Node string
	// HealthyPool says that the pool's NodeRegistrationHealthy is true.
	HealthyPool bool
}

// Decisions are kept by namespaced name until the pod is deleted. Safe for
// concurrent use; it has a lock of its own.
type Decisions struct {
	clock    clock.PassiveClock
	duration prometheus.Observer

	mu   sync.Mutex
	pods map[types.NamespacedName]decided
	// assigned are the pods by the NodeClaim that they were assigned to.
	assigned map[string]map[types.NamespacedName]types.UID
}

// decided is a decision with the pod it is about: another pod of the same name
// begins anew.
type decided struct {
	uid types.UID
	Decision
}

func newDecisions(clk clock.PassiveClock, duration prometheus.Observer) *Decisions {
	return &Decisions{clock: clk, duration: duration, pods: map[types.NamespacedName]decided{}, assigned: map[string]map[types.NamespacedName]types.UID{}}
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
		if r.NodeClaim != at.NodeClaim || r.Node != at.Node || r.Assigned.IsZero() {
			r.NodeClaim, r.Node, r.Assigned = at.NodeClaim, at.Node, now
		}
	})
}

// Failed records that a round found no place for a pod. Bound pods are skipped.
func (d *Decisions) Failed(pod *corev1.Pod) {
	d.change(pod, func(r *Decision, now time.Time) {
		d.attempted(r, now)
		r.Schedulable, r.SchedulableHealthy = time.Time{}, time.Time{}
		r.NodeClaim, r.Node, r.Assigned = "", "", time.Time{}
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
	key := podKey(pod)
	r := d.pods[key]
	before := r.NodeClaim
	if r.uid != pod.UID {
		r = decided{uid: pod.UID}
	}
	change(&r.Decision, d.clock.Now())
	d.pods[key] = r
	d.release(key, before)
	d.assign(key, r)
}

func (d *Decisions) assign(key types.NamespacedName, r decided) {
	if r.NodeClaim == "" {
		return
	}
	if d.assigned[r.NodeClaim] == nil {
		d.assigned[r.NodeClaim] = map[types.NamespacedName]types.UID{}
	}
	d.assigned[r.NodeClaim][key] = r.uid
}

func (d *Decisions) release(key types.NamespacedName, nodeClaim string) {
	if delete(d.assigned[nodeClaim], key); len(d.assigned[nodeClaim]) == 0 {
		delete(d.assigned, nodeClaim)
	}
}

// Assigned lists the pods that were last assigned to a NodeClaim, in no order,
// whatever became of them since.
func (d *Decisions) Assigned(nodeClaim string) []PodID {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]PodID, 0, len(d.assigned[nodeClaim]))
	for key, uid := range d.assigned[nodeClaim] {
		out = append(out, PodID{key, uid})
	}
	return out
}

// PodID is one pod, not another one that has its name before or after.
type PodID struct {
	types.NamespacedName
	UID types.UID
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
	d.release(key, d.pods[key].NodeClaim)
	delete(d.pods, key)
}
