// SPDX-License-Identifier: Apache-2.0

// Package journal remembers requests, so that tests can ask what was called.
//
// # What it holds
//
// [Journal] keeps the last requests in order; [Entry] is one.
//
// # Invariants
//
// Memory is bounded: the oldest entries go first, and Total still counts them.
package journal

import (
	"sync"
	"time"
)

// Entry is one request and how it ended.
type Entry struct {
	// Number counts all requests from 1.
	Number int `json:"number"`
	// Time is when it arrived.
	Time time.Time `json:"time"`
	// Call is service and call, such as "ec2:CreateFleet".
	Call string `json:"call"`
	// Identity is who called.
	Identity string `json:"identity,omitempty"`
	// Input is what was asked, by the names of the model.
	Input map[string]any `json:"input,omitempty"`
	// Read makes Input when it is asked for; nil: Input is there. Large inputs are kept
	// as they were sent, because as trees they are several times as large.
	Read func() map[string]any `json:"-"`
	// Code is the error's code; empty: success.
	Code string `json:"code,omitempty"`
	// Message is the error's message.
	Message string `json:"message,omitempty"`
	// Grants are what of the caller's policies allowed it, as policy.Granted has them.
	Grants []string `json:"grants,omitempty"`
	// Status is the HTTP status; 0: no answer was sent.
	Status int `json:"status"`
	// Fault is the name of the fault that was injected, if one was.
	Fault string `json:"fault,omitempty"`
}

// Journal keeps the last entries. It is safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	entries []Entry // a ring once it is full
	size    int
	total   int
}

// New returns a journal of at most size entries.
func New(size int) *Journal { return &Journal{size: size} }

// Add appends an entry and numbers it.
func (j *Journal) Add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.total++
	e.Number = j.total
	if len(j.entries) < j.size {
		j.entries = append(j.entries, e)
		return
	}
	j.entries[(j.total-1)%j.size] = e
}

// Total is how many entries were ever added.
func (j *Journal) Total() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.total
}

// Entries are those of a call after a number, in order; an empty call is any.
func (j *Journal) Entries(call string, after int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := []Entry{}
	for i := range j.entries {
		at := i
		if j.total > len(j.entries) {
			at = (j.total + i) % j.size
		}
		if e := j.entries[at]; e.Number > after && (call == "" || e.Call == call) {
			if e.Read != nil {
				e.Input, e.Read = e.Read(), nil
			}
			out = append(out, e)
		}
	}
	return out
}
