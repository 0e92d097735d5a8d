// SPDX-License-Identifier: Apache-2.0

package podevents

import (
	"sync"
	"time"
)

// unsettled holds, by node name, the events that the NodeClaim in the cache does
// not show yet. The zero value is ready for use by any number of goroutines.
type unsettled struct {
	mu    sync.Mutex
	nodes map[string]entry
}

// entry is the last event on a node, and the last one that was written for it.
type entry struct {
	at, wrote time.Time
}

func (u *unsettled) observe(nodeName string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.nodes == nil {
		u.nodes = map[string]entry{}
	}
	u.nodes[nodeName] = entry{at: at, wrote: u.nodes[nodeName].wrote}
}

func (u *unsettled) get(nodeName string) (entry, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e, ok := u.nodes[nodeName]
	return e, ok
}

// written notes that an event is on its way to the cache.
func (u *unsettled) written(nodeName string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e, ok := u.nodes[nodeName]
	if ok {
		e.wrote = at
		u.nodes[nodeName] = e
	}
}

// settle forgets an event, unless a later one came in between.
func (u *unsettled) settle(nodeName string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.nodes[nodeName].at.Equal(at) {
		delete(u.nodes, nodeName)
	}
}
