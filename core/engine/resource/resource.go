// SPDX-License-Identifier: Apache-2.0

// Package resource holds quantities as vectors of integers over interned
// resource names. CPU is in milli-CPU, every other resource in its base unit
// (bytes, counts). Imports the standard library only.
//
// A Vector is dense and short; an index past its end counts as zero, so that
// vectors made before a name was first seen stay valid. Operations are linear
// in the vectors' length (a handful).
package resource

import (
	"slices"
	"sync"
)

// Names of the resources that every node has.
const (
	CPUName              = "cpu"
	MemoryName           = "memory"
	PodsName             = "pods"
	EphemeralStorageName = "ephemeral-storage"
	// NodesName is the synthetic resource that counts nodes, for limits
	// (API-029).
	NodesName = "nodes"
)

// ID is an interned resource name, the index into a [Vector].
type ID int

// IDs of the resources that every Names interns first.
const (
	CPU ID = iota
	Memory
	Pods
	EphemeralStorage
	Nodes
)

// Names interns resource names. It only grows, so an ID stays valid. Safe for
// concurrent use.
type Names struct {
	mu    sync.RWMutex
	ids   map[string]ID
	names []string
}

// NewNames returns a Names with the well-known IDs of this package in place.
func NewNames() *Names {
	n := &Names{ids: map[string]ID{}}
	for _, name := range []string{CPUName, MemoryName, PodsName, EphemeralStorageName, NodesName} {
		n.Intern(name)
	}
	return n
}

// Intern returns the ID of a name, giving it one if need be.
func (n *Names) Intern(name string) ID {
	n.mu.RLock()
	id, ok := n.ids[name]
	n.mu.RUnlock()
	if ok {
		return id
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok := n.ids[name]; ok {
		return id
	}
	id = ID(len(n.names))
	n.ids[name], n.names = id, append(n.names, name)
	return id
}

// Name returns the name behind an ID.
func (n *Names) Name(id ID) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.names[id]
}

// Len is the number of names interned so far.
func (n *Names) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.names)
}

// Vector is an amount of each resource, indexed by [ID].
type Vector []int64

// Get returns the amount of one resource.
func (v Vector) Get(id ID) int64 {
	if int(id) < len(v) {
		return v[id]
	}
	return 0
}

// Set sets one amount, in place where v has room, and returns the vector.
func (v Vector) Set(id ID, amount int64) Vector {
	for len(v) <= int(id) {
		v = append(v, 0)
	}
	v[id] = amount
	return v
}

// Clone returns an independent copy.
func (v Vector) Clone() Vector { return slices.Clone(v) }

// Add adds o, in place where v has room, and returns the sum. Amounts saturate.
func (v Vector) Add(o Vector) Vector {
	for len(v) < len(o) {
		v = append(v, 0)
	}
	for i, n := range o {
		v[i] = saturatingAdd(v[i], n)
	}
	return v
}

// Sub takes o off, in place where v has room, and returns the difference, which may
// be negative.
func (v Vector) Sub(o Vector) Vector {
	for len(v) < len(o) {
		v = append(v, 0)
	}
	for i, n := range o {
		v[i] = saturatingAdd(v[i], -n)
	}
	return v
}

// Raise raises every amount to that of o, in place where v has room, and returns the
// vector.
func (v Vector) Raise(o Vector) Vector {
	for len(v) < len(o) {
		v = append(v, 0)
	}
	for i, n := range o {
		v[i] = max(v[i], n)
	}
	return v
}

// Floor raises, in place, negative amounts to 0.
func (v Vector) Floor() Vector {
	for i := range v {
		v[i] = max(v[i], 0)
	}
	return v
}

// Negative reports whether some amount is below 0.
func (v Vector) Negative() bool {
	return slices.ContainsFunc(v, func(n int64) bool { return n < 0 })
}

// Zero reports whether every amount is 0.
func (v Vector) Zero() bool {
	return !slices.ContainsFunc(v, func(n int64) bool { return n != 0 })
}

// Equal reports whether both hold the same amounts.
func (v Vector) Equal(o Vector) bool {
	for i := range max(len(v), len(o)) {
		if v.Get(ID(i)) != o.Get(ID(i)) {
			return false
		}
	}
	return true
}

// FitsIn reports whether every amount of v is available (SCH-044): an amount of
// 0 needs nothing, and nothing fits where anything available is negative.
func (v Vector) FitsIn(available Vector) bool {
	for i, a := range available {
		if a < 0 || i < len(v) && v[i] > a {
			return false
		}
	}
	for _, n := range v[min(len(v), len(available)):] {
		if n > 0 {
			return false
		}
	}
	return true
}

func saturatingAdd(a, b int64) int64 {
	s := a + b
	switch {
	case a > 0 && b > 0 && s < 0:
		return 1<<63 - 1
	case a < 0 && b < 0 && s >= 0:
		return -1 << 63
	}
	return s
}
