// SPDX-License-Identifier: Apache-2.0

// Package moves remembers which workloads had pods moved by consolidation, so that
// these are left alone for a while (DIS-171, DIS-172). It is in memory only: after a
// restart no pod counts as moved.
//
// Imports nothing of this module.
package moves

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// returns is how long after the start of a move the pod in the place of the old one
// comes to be, at the latest: replacements and draining take their time.
const returns = 30 * time.Minute

// WorkloadOf names what makes another pod in the place of one, as
// namespace/kind/name; empty if nothing does.
func WorkloadOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return ""
	}
	return pod.Namespace + "/" + owner.Kind + "/" + owner.Name
}

// Ledger has the moves of late. Safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	moves map[string][]time.Time // by workload, in order
}

// Record notes that the pods of a node are about to be moved.
func (l *Ledger) Record(now time.Time, pods []*corev1.Pod) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moves == nil {
		l.moves = map[string][]time.Time{}
	}
	for _, pod := range pods {
		if w := WorkloadOf(pod); w != "" {
			l.moves[w] = append(l.moves[w], now)
		}
	}
}

// Since returns the moves after a time, and forgets those before.
func (l *Ledger) Since(then time.Time) Recent {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(Recent, len(l.moves))
	for w, times := range l.moves {
		times = slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(then) })
		if len(times) == 0 {
			delete(l.moves, w)
			continue
		}
		l.moves[w] = times
		out[w] = slices.Clone(times)
	}
	return out
}

// Recent are the moves of a while, by workload, in order.
type Recent map[string][]time.Time

// Count is how many pods of a workload were moved.
func (r Recent) Count(workload string) int { return len(r[workload]) }

// Moved are the pods, by UID, that came to be in the place of one that was moved: of
// each workload as many as were moved, the first ones that came since. Others, of a
// workload that was scaled out, are not among them.
func (r Recent) Moved(pods iter.Seq[*corev1.Pod]) map[types.UID]bool {
	out := map[types.UID]bool{}
	if len(r) == 0 {
		return out
	}
	since := map[string][]*corev1.Pod{}
	for pod := range pods {
		w := WorkloadOf(pod)
		created := pod.CreationTimestamp.Time
		if slices.ContainsFunc(r[w], func(at time.Time) bool {
			return !created.Before(at.Truncate(time.Second)) && created.Before(at.Add(returns))
		}) {
			since[w] = append(since[w], pod)
		}
	}
	for w, came := range since {
		slices.SortFunc(came, func(a, b *corev1.Pod) int {
			return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
		})
		for _, pod := range came[:min(len(came), len(r[w]))] {
			out[pod.UID] = true
		}
	}
	return out
}
