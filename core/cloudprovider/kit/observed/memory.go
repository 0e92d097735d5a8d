// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// TTL is how long what a Node reported is believed (CP-049).
	TTL = 60 * 24 * time.Hour
	// MaxTypes bounds the types that are remembered; those that end first go.
	MaxTypes = 20_000

	mebi = 1 << 20
)

// Type is a type of machines with the images that they boot. Its amounts are in bytes.
type Type struct {
	Name string
	// Images are whatever the machine's memory may depend on beside the type, as a text.
	Images string
	// Line is whose errors are the type's too; zero: nobody's.
	Line Line
	// Nominal is the memory that the machine gets.
	Nominal int64
	// Estimate is the memory that the Node is thought to report.
	Estimate int64
}

// Line is a family of types with one family of images. Lines are few: what is known of
// their types is bounded by the types on sale.
type Line struct{ Types, Images string }

// Memory remembers the memory that Nodes reported. It is safe for concurrent use.
type Memory struct {
	clock clock.PassiveClock

	mu         sync.Mutex
	byType     map[key]observation
	byLine     map[Line]map[string]observation // by type
	generation uint64
	// nextEnd is not later than the first end of an observation; zero without any.
	nextEnd time.Time
}

// key is what observations of a type have in common. A type that is sold with other
// memory from now on is another one.
type key struct {
	name, images string
	nominal      int64
}

func (t Type) key() key { return key{t.Name, t.Images, t.Nominal} }

// observation is what the Nodes of a type reported.
type observation struct {
	memory, nominal, estimate int64 // bytes
	until                     time.Time
}

// missed is by which part of the nominal memory the estimate was too low.
func (o observation) missed() float64 { return float64(o.memory-o.estimate) / float64(o.nominal) }

// NewMemory returns one that has seen no Node.
func NewMemory(c clock.PassiveClock) *Memory {
	return &Memory{clock: c, byType: map[key]observation{}, byLine: map[Line]map[string]observation{}}
}

// Observe takes the bytes into account that a Node of the type reported. The least
// counts: only an equal or lower value is believed anew for the whole time (KIT-222).
// What cannot be is not believed: less than half of the nominal memory, or more than it.
// It may be told the same again, and in any order.
func (m *Memory) Observe(of Type, bytes int64) {
	if of.Nominal <= 0 || bytes > of.Nominal || bytes < of.Nominal/2 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	m.expire(now)
	o := observation{memory: bytes, nominal: of.Nominal, estimate: of.Estimate, until: now.Add(TTL)}
	m.keep(m.byType[of.key()], o, func() { m.byType[of.key()] = o })
	if of.Line != (Line{}) {
		if m.byLine[of.Line] == nil {
			m.byLine[of.Line] = map[string]observation{}
		}
		m.keep(m.byLine[of.Line][of.Name], o, func() { m.byLine[of.Line][of.Name] = o })
	}
	if m.nextEnd.IsZero() || o.until.Before(m.nextEnd) {
		m.nextEnd = o.until
	}
	if len(m.byType) > MaxTypes {
		m.dropFirst()
	}
}

// keep calls set if the new observation takes the place of the known one.
func (m *Memory) keep(known, o observation, set func()) {
	if known.nominal != 0 && o.memory > known.memory {
		return
	}
	set()
	if known.memory != o.memory {
		m.generation++
	}
}

// Generation changes when an answer can have changed (KIT-225). Who keeps answers under
// it reads it before them.
func (m *Memory) Generation() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(m.clock.Now())
	return m.generation
}

// Expected is the memory in bytes to expect of a Node of the type: what was observed,
// else the estimate, corrected by what estimates missed on types of the line (KIT-224).
func (m *Memory) Expected(of Type) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(m.clock.Now())
	if o, ok := m.byType[of.key()]; ok {
		return o.memory
	}
	least := math.Inf(1)
	for _, o := range m.byLine[of.Line] {
		// The hypervisor and the kernel keep a greater part of a small machine, so what a
		// large one has more than was estimated says nothing about small ones.
		if missed := o.missed(); missed < 0 || o.nominal <= of.Nominal {
			least = min(least, missed)
		}
	}
	if math.IsInf(least, 1) {
		return of.Estimate
	}
	corrected := (of.Estimate + int64(math.Floor(least*float64(of.Nominal)))) / mebi * mebi
	return min(max(corrected, 0), of.Nominal)
}

// expire drops what is no longer believed; mu is held.
func (m *Memory) expire(now time.Time) {
	if m.nextEnd.IsZero() || now.Before(m.nextEnd) {
		return
	}
	m.nextEnd = time.Time{}
	left := func(o observation) bool {
		if !now.Before(o.until) {
			m.generation++
			return false
		}
		if m.nextEnd.IsZero() || o.until.Before(m.nextEnd) {
			m.nextEnd = o.until
		}
		return true
	}
	for of, o := range m.byType {
		if !left(o) {
			delete(m.byType, of)
		}
	}
	for in, types := range m.byLine {
		for name, o := range types {
			if !left(o) {
				delete(types, name)
			}
		}
		if len(types) == 0 {
			delete(m.byLine, in)
		}
	}
}

// dropFirst forgets the observation that ends first; mu is held.
func (m *Memory) dropFirst() {
	var first key
	var end time.Time
	for of, o := range m.byType {
		if end.IsZero() || o.until.Before(end) {
			first, end = of, o.until
		}
	}
	delete(m.byType, first)
	m.generation++
}
