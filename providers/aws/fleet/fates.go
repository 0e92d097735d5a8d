// SPDX-License-Identifier: Apache-2.0

package fleet

import "sync"

// fates are what was done with machines: each is given out, or put away, once. The answer
// of one call may come twice, since a call whose answer was lost is made again: what the
// first answer's machine was ended for, the second must not give to anybody.
type fates struct {
	mu    sync.Mutex
	known map[string]bool // true: it must not be given to anybody
	order []string        // the oldest first
}

// fatesKept bounds what is remembered, far above what a few minutes of launches bring.
const fatesKept = 50000

func newFates() *fates { return &fates{known: map[string]bool{}} }

// claim takes a machine that is to be given out or put away; false if that has been done.
func (f *fates) claim(id string, away bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, done := f.known[id]; done {
		return false
	}
	f.put(id, away)
	return true
}

// away tells that a machine is being ended, whoever has it.
func (f *fates) away(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(id, true)
}

// put is called with mu held.
func (f *fates) put(id string, away bool) {
	if _, there := f.known[id]; !there {
		f.order = append(f.order, id)
	}
	f.known[id] = away
	if len(f.order) > fatesKept {
		delete(f.known, f.order[0])
		f.order = f.order[1:]
	}
}
