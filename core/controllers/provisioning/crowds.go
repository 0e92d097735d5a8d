// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"karpenter.sh/core/objects/pods"
)

// crowdFor is how long a kind of pods counts as a crowd after one of it was seen to wait:
// while it waits it is seen every recheck.
const crowdFor = recheck + 5*time.Second

// crowds are the kinds of pods of which the scheduler found no place for one of late.
// Others of the kind are sure to need a round as well, before they have been examined
// (SCH-008). Safe for concurrent use.
type crowds struct {
	clock clock.PassiveClock

	mu   sync.Mutex
	seen map[pods.Kind]time.Time
	// swept is when kinds that no longer count were last forgotten.
	swept time.Time
}

func newCrowds(c clock.PassiveClock) *crowds {
	return &crowds{clock: c, seen: map[pods.Kind]time.Time{}}
}

// note takes in a pod that waits.
func (s *crowds) note(pod *corev1.Pod) {
	kind, ok := pods.KindOf(pod)
	if !ok {
		return
	}
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[kind] = now
	if now.Sub(s.swept) >= crowdFor {
		maps.DeleteFunc(s.seen, func(_ pods.Kind, at time.Time) bool { return now.Sub(at) >= crowdFor })
		s.swept = now
	}
}

// awaits reports whether a pod that is yet to be examined will need a round.
func (s *crowds) awaits(pod *corev1.Pod) bool {
	if !pods.Unexamined(pod) {
		return false
	}
	kind, ok := pods.KindOf(pod)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, seen := s.seen[kind]
	return seen && s.clock.Since(at) < crowdFor
}
