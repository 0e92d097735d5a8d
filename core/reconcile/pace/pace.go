// SPDX-License-Identifier: Apache-2.0

package pace

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Pace remembers when something may next be done to each object of one kind. The
// zero Pace is ready for use by any number of goroutines.
type Pace struct {
	mu   sync.Mutex
	next map[types.NamespacedName]turn
}

type turn struct {
	uid types.UID
	at  time.Time
}

// Wait returns how long after now it is the object's turn; zero when it is.
func (p *Pace) Wait(obj client.Object, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.next[client.ObjectKeyFromObject(obj)]
	if !ok || t.uid != obj.GetUID() {
		return 0
	}
	return max(t.at.Sub(now), 0)
}

// Due reports whether it is the object's turn, and if so sets the next one.
func (p *Pace) Due(obj client.Object, now time.Time, every time.Duration) bool {
	if p.Wait(obj, now) > 0 {
		return false
	}
	p.Next(obj, now.Add(every))
	return true
}

// Next sets the object's next turn.
func (p *Pace) Next(obj client.Object, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = map[types.NamespacedName]turn{}
	}
	p.next[client.ObjectKeyFromObject(obj)] = turn{uid: obj.GetUID(), at: at}
}

// Forget drops what is remembered of an object that is gone or needs no pacing
// any more.
func (p *Pace) Forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.next, key)
}
