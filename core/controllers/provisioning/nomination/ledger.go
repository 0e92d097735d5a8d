// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"karpenter.sh/core/objects/pods"
)

const (
	// crowd is the most pods that wait for which nominations are worth it: the
	// scheduler adds all nominated pods to their nodes for each pod that it tries.
	crowd = 1000
	// tries bounds the writes of one pod and node: the scheduler takes a nomination
	// back when it finds no place, and is not fought.
	tries = 5
	// believed is how long somebody else's nomination is waited for where nothing
	// shows that it will come true.
	believed = 30 * time.Second
	// evicting is how long it is waited for while pods leave the node: some never do.
	evicting = 5 * time.Minute
	// inARow refusals stop all writing for pause.
	inARow = 3
	pause  = 5 * time.Minute
	// toldEvery is how often refusals are told.
	toldEvery = time.Hour
)

// ledger is what was written, and what became of it. It is given the time.
type ledger struct {
	// mixed says that pods wait which cannot stand in for each other, and few enough
	// to be told.
	mixed   bool
	written map[types.UID]record
	foreign map[types.UID]sighting

	refusals int // in a row
	paused   time.Time
	told     time.Time
}

// record is what was written to one pod.
type record struct {
	node string // empty if it was taken back
	// before is what stood there before the last write, as the cache may be behind it, or
	// what a write of unknown outcome would have put there.
	before string
	// version of the pod that the last write led to.
	version string
	made    map[string]int // writes by node
}

// sighting is since when somebody else nominates a pod to a node.
type sighting struct {
	node  string
	since time.Time
}

func newLedger() ledger {
	return ledger{written: map[types.UID]record{}, foreign: map[types.UID]sighting{}}
}

// ours reports whether what the pod says was written here.
func (l *ledger) ours(pod *corev1.Pod) bool {
	stands, r := pod.Status.NominatedNodeName, l.written[pod.UID]
	return stands != "" && (stands == r.node || stands == r.before)
}

// may reports whether a node may be written to a pod, none if it is empty
// (SCH-313).
func (l *ledger) may(pod *corev1.Pod, node string, now time.Time) bool {
	stands := pod.Status.NominatedNodeName
	switch {
	case pod.Spec.NodeName != "" || !pods.Active(pod) || stands == node:
		return false
	case stands != "" && !l.ours(pod):
		return false
	case node == "":
		return true
	}
	r := l.written[pod.UID]
	return !now.Before(l.paused) && r.made[node] < tries
}

// takenBack is the node of a nomination that was written here and that a later
// version of the pod no longer has; false if it stands, or the pod was read from a
// cache that is behind.
func (l *ledger) takenBack(pod *corev1.Pod) (node string, taken bool) {
	r := l.written[pod.UID]
	if r.node == "" || pod.Status.NominatedNodeName != "" {
		return "", false
	}
	later, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, r.version)
	return r.node, err == nil && later > 0
}

// drop forgets the node that a pod was told: it is to be told no more.
func (l *ledger) drop(pod *corev1.Pod) {
	if r, told := l.written[pod.UID]; told {
		r.node = ""
		l.written[pod.UID] = r
	}
}

// wrote notes a write that led to a version of the pod.
func (l *ledger) wrote(pod *corev1.Pod, node, version string) {
	r := l.written[pod.UID]
	r.node, r.before, r.version = node, pod.Status.NominatedNodeName, version
	if node != "" {
		if r.made == nil {
			r.made = map[string]int{}
		}
		r.made[node]++
	}
	l.written[pod.UID] = r
	l.refusals = 0
}

// tried notes a write of which nobody knows whether it was made: what it would have written
// is not somebody else's.
func (l *ledger) tried(pod *corev1.Pod, node string) {
	r := l.written[pod.UID]
	r.before = node
	l.written[pod.UID] = r
}

// refused notes that the API server refused a write, and reports whether that is to
// be told. After some in a row nothing is written for a while (SCH-315).
func (l *ledger) refused(now time.Time) (tell bool) {
	if l.refusals++; l.refusals >= inARow {
		l.refusals, l.paused = 0, now.Add(pause)
	}
	if !l.told.IsZero() && now.Sub(l.told) < toldEvery {
		return false
	}
	l.told = now
	return true
}

// pending reports whether the nomination of a pod by somebody else may still come
// true: it is young, or pods are leaving the node to make room (SCH-314).
func (l *ledger) pending(pod *corev1.Pod, leaving bool, now time.Time) bool {
	s := l.foreign[pod.UID]
	if s.node != pod.Status.NominatedNodeName {
		s = sighting{pod.Status.NominatedNodeName, now}
		l.foreign[pod.UID] = s
	}
	return now.Sub(s.since) < believed || leaving && now.Sub(s.since) < evicting
}

// retain forgets all pods but some.
func (l *ledger) retain(waiting []*corev1.Pod) {
	if len(l.written)+len(l.foreign) == 0 {
		return
	}
	kept := make(map[types.UID]bool, len(waiting))
	for _, pod := range waiting {
		kept[pod.UID] = true
	}
	maps.DeleteFunc(l.written, func(uid types.UID, _ record) bool { return !kept[uid] })
	maps.DeleteFunc(l.foreign, func(uid types.UID, _ sighting) bool { return !kept[uid] })
}

// waiting notes who waits: what is to be told depends on all of them (SCH-312).
func (l *ledger) waiting(all []*corev1.Pod) {
	l.retain(all)
	l.mixed = len(all) <= crowd && differ(all)
}

// differ reports whether pods are of more than one kind.
func differ(waiting []*corev1.Pod) bool {
	if len(waiting) < 2 {
		return false
	}
	first, alike := pods.KindOf(waiting[0])
	return !alike || slices.ContainsFunc(waiting, func(pod *corev1.Pod) bool {
		kind, ok := pods.KindOf(pod)
		return !ok || kind != first
	})
}
