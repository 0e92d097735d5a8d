// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"
	"sync"

	"karpenter.sh/core/cloudprovider"
)

// DefaultViews is how many views are kept unless told otherwise.
const DefaultViews = 64

// Views keeps lists of types by a key of all that they depend on: typically the
// base, the generations of marks, quota, reservations and prices, and the zones
// that the NodeClass can use. It is safe for concurrent use.
type Views[K comparable] struct {
	memo *Memo[K, []*cloudprovider.InstanceType]
}

// NewViews returns an empty one that keeps at most so many views; 0 means
// DefaultViews.
func NewViews[K comparable](limit int) *Views[K] {
	return &Views[K]{memo: NewMemo[K, []*cloudprovider.InstanceType](limit)}
}

// Of returns the view of a base under a change. The key must differ whenever the
// base or what the change reads does. The list is the caller's, its elements are
// shared (KIT-026, KIT-027).
func (v *Views[K]) Of(key K, base *Base, change Change) []*cloudprovider.InstanceType {
	return slices.Clone(v.memo.Get(key, func() []*cloudprovider.InstanceType { return base.View(change) }))
}

// Memo keeps what was made for a key, for the keys asked for last. It is safe for
// concurrent use.
type Memo[K comparable, V any] struct {
	limit int

	mu   sync.Mutex
	kept map[K]*made[V]
	// clock counts the questions, so that the one not asked for longest is known.
	clock uint64
}

// made is a value, or one that is being made.
type made[V any] struct {
	once     sync.Once
	value    V
	complete bool
	used     uint64
}

// NewMemo returns an empty one that keeps at most so many values; 0 means
// DefaultViews.
func NewMemo[K comparable, V any](limit int) *Memo[K, V] {
	if limit <= 0 {
		limit = DefaultViews
	}
	return &Memo[K, V]{limit: limit, kept: map[K]*made[V]{}}
}

// Get returns the value of a key, made once for all who ask for it at the same
// time; questions for other keys do not wait. A panic is that of the caller whose
// build it is: those who wait for it make the value anew.
func (m *Memo[K, V]) Get(key K, build func() V) V {
	for {
		if entry := m.entry(key); m.complete(key, entry, build) {
			return entry.value
		}
	}
}

// complete makes the value of an entry, unless it is made, and reports whether it
// is.
func (m *Memo[K, V]) complete(key K, entry *made[V], build func() V) bool {
	entry.once.Do(func() {
		defer func() { // a value that could not be made is not kept
			if !entry.complete {
				m.forget(key, entry)
			}
		}()
		entry.value = build()
		entry.complete = true
	})
	return entry.complete
}

func (m *Memo[K, V]) forget(key K, entry *made[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[key] == entry {
		delete(m.kept, key)
	}
}

func (m *Memo[K, V]) entry(key K) *made[V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock++
	entry, ok := m.kept[key]
	if !ok {
		if len(m.kept) >= m.limit {
			m.dropOldest()
		}
		entry = &made[V]{}
		m.kept[key] = entry
	}
	entry.used = m.clock
	return entry
}

func (m *Memo[K, V]) dropOldest() {
	var oldest K
	least := m.clock
	for key, entry := range m.kept {
		if entry.used < least {
			oldest, least = key, entry.used
		}
	}
	delete(m.kept, oldest)
}
