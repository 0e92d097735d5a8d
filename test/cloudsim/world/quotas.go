// SPDX-License-Identifier: Apache-2.0

package world

import "sync"

// Quotas are what an account may use of named things. What has no quota is free.
type Quotas struct {
	mu    sync.Mutex
	limit map[string]int
	used  map[string]int
}

// NewQuotas returns quotas that limit nothing.
func NewQuotas() *Quotas { return &Quotas{limit: map[string]int{}, used: map[string]int{}} }

// Set limits the use of a thing.
func (q *Quotas) Set(name string, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit[name] = limit
}

// Take uses n of a thing; false, and nothing is used: that would be too much.
func (q *Quotas) Take(name string, n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if limit, ok := q.limit[name]; ok && q.used[name]+n > limit {
		return false
	}
	q.used[name] += n
	return true
}

// Give ends the use of n of a thing.
func (q *Quotas) Give(name string, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used[name] -= n
}

// Used is how much of a thing is in use.
func (q *Quotas) Used(name string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used[name]
}

// Limit is how much of a thing may be used; false: as much as one likes.
func (q *Quotas) Limit(name string) (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit, ok := q.limit[name]
	return limit, ok
}
