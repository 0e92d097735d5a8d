// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// holds remember what launches have reserved of which nobody knows what came (KIT-031), so
// that a request which is made again does not count twice (KIT-030).
type holds struct {
	clock clock.PassiveClock

	mu    sync.Mutex
	by    map[types.UID]*hold
	order []*hold // the oldest first
}

type hold struct {
	launch string
	uids   []types.UID
	at     time.Time
}

// heldFor is when addresses of such launches count no more anyway (KIT-031).
const heldFor = 15 * time.Minute

func newHolds(c clock.PassiveClock) *holds { return &holds{clock: c, by: map[types.UID]*hold{}} }

func (h *holds) keep(launch string, uids []types.UID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.order) > 0 && h.clock.Since(h.order[0].at) >= heldFor {
		h.forget(h.order[0])
		h.order = h.order[1:]
	}
	one := &hold{launch, uids, h.clock.Now()}
	h.order = append(h.order, one)
	for _, uid := range uids {
		h.by[uid] = one
	}
}

// drop forgets what was held for some requests, and returns the launches.
func (h *holds) drop(uids []types.UID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, uid := range uids {
		if one := h.by[uid]; one != nil {
			out = append(out, one.launch)
			h.forget(one) // its place in the order goes when its time is over
		}
	}
	return out
}

// forget is called with mu held.
func (h *holds) forget(one *hold) {
	for _, uid := range one.uids {
		if h.by[uid] == one {
			delete(h.by, uid)
		}
	}
}
