// SPDX-License-Identifier: Apache-2.0

package news

import (
	"maps"
	"sync"
	"time"
)

// Repeat is how long what was said of a subject is no news.
const Repeat = 10 * time.Minute

// News remembers what was said. The zero News is ready for use by any number of
// goroutines.
type News struct {
	mu   sync.Mutex
	said map[string]statement
	// swept is when outdated statements were last forgotten.
	swept time.Time
}

type statement struct {
	what string
	at   time.Time
}

// Tell reports whether something is news about a subject: nothing or something
// else was said last, or it was long ago. Then it counts as said.
func (n *News) Tell(subject, what string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sweep(now)
	if last, said := n.said[subject]; said && last.what == what && now.Sub(last.at) < Repeat {
		return false
	}
	n.said[subject] = statement{what, now}
	return true
}

// sweep forgets what would be news anyway.
func (n *News) sweep(now time.Time) {
	if n.said == nil {
		n.said = map[string]statement{}
	}
	if now.Sub(n.swept) < Repeat {
		return
	}
	n.swept = now
	maps.DeleteFunc(n.said, func(_ string, s statement) bool { return now.Sub(s.at) >= Repeat })
}
