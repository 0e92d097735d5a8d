// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// observationTTL is how long what a node reported is believed (AWS-203).
	observationTTL = 60 * 24 * time.Hour
	// maxObservations bounds what is remembered; those that end first go.
	maxObservations = 20_000
)

// observation is what the nodes of a type reported.
type observation struct {
	memory int64 // bytes
	// nominal is what the type is sold with, estimate what it was taken for; in bytes.
	nominal, estimate int64
	until             time.Time
}

// missed is by which part of the nominal memory the estimate was too low.
func (o observation) missed() float64 { return float64(o.memory-o.estimate) / float64(o.nominal) }

// seen says of which machines an observation is.
type seen struct {
	instanceType string
	images       string // the AMI set
}

// line is a family of types with one family of images.
type line struct{ instances, images string }

// observed remembers the memory that nodes reported. It is safe for concurrent use.
type observed struct {
	clock clock.PassiveClock

	mu         sync.Mutex
	byType     map[seen]observation
	byLine     map[line]map[string]observation // by type
	generation uint64
	// nextEnd is not later than the first end of an observation; zero without any.
	nextEnd time.Time
}

func newObserved(c clock.PassiveClock) *observed {
	return &observed{clock: c, byType: map[seen]observation{}, byLine: map[line]map[string]observation{}}
}

// observe keeps the least that was reported, if it can be. An equal or lower value is believed anew
// for the whole time (AWS-203).
func (m *observed) observe(of seen, in line, o observation) {
	if o.memory > o.nominal || o.memory < o.nominal/2 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	m.expire(now)
	o.until = now.Add(observationTTL)
	if m.byLine[in] == nil {
		m.byLine[in] = map[string]observation{}
	}
	m.keep(m.byType[of], o, func() { m.byType[of] = o })
	m.keep(m.byLine[in][of.instanceType], o, func() { m.byLine[in][of.instanceType] = o })
	if m.nextEnd.IsZero() || o.until.Before(m.nextEnd) {
		m.nextEnd = o.until
	}
	if len(m.byType) > maxObservations {
		m.dropFirst()
	}
}

// keep calls set if the new observation takes the place of the known one.
func (m *observed) keep(known, o observation, set func()) {
	if known.nominal != 0 && o.memory > known.memory {
		return
	}
	set()
	if known.memory != o.memory {
		m.generation++
	}
}

// current changes when an answer can have changed.
func (m *observed) current() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(m.clock.Now())
	return m.generation
}

// capacity is the memory in bytes to expect: what was observed, else the estimate,
// corrected by what it missed on smaller types of the line (AWS-437).
func (m *observed) capacity(of seen, in line, nominal, estimate int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.byType[of]; ok {
		return o.memory
	}
	least := math.Inf(1)
	for _, o := range m.byLine[in] {
		// The hypervisor and the kernel keep a greater part of a small machine, so what a
		// large one has more than was estimated says nothing about small ones.
		if missed := o.missed(); missed < 0 || o.nominal <= nominal {
			least = min(least, missed)
		}
	}
	if math.IsInf(least, 1) {
		return estimate
	}
	corrected := (estimate + int64(math.Floor(least*float64(nominal)))) / mebi * mebi
	return min(max(corrected, 0), nominal)
}

// expire drops what is no longer believed; mu is held.
func (m *observed) expire(now time.Time) {
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
func (m *observed) dropFirst() {
	var first seen
	var end time.Time
	for of, o := range m.byType {
		if end.IsZero() || o.until.Before(end) {
			first, end = of, o.until
		}
	}
	delete(m.byType, first)
	m.generation++
}
