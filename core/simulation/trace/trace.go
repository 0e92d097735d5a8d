// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"cmp"
	"slices"
	"time"
)

// Shape is what the pods of a slot ask for. It is immutable; slots may share one.
type Shape struct {
	// App is the application; its pods carry it as a label.
	App string
	// CPU in thousandths and Memory in bytes are the requests.
	CPU, Memory int64
	// Zone is where the pods must run; empty for anywhere.
	Zone string
	// ZoneSkew is the most by which two zones may differ in pods of the
	// application; 0 for no such rule.
	ZoneSkew int32
	// Apart keeps pods of the application off each other's nodes.
	Apart bool
}

// Change is that a slot is wanted with a shape from some time on, or not any more
// where the shape is nil.
type Change struct {
	// At is counted from the start of the trace.
	At    time.Duration
	Slot  int
	Shape *Shape
}

// Trace is what a cluster is asked to run.
type Trace struct {
	// Length is when the replay ends.
	Length time.Duration
	// Slots is how many there are; changes name them from 0.
	Slots int
	// Changes are in the order in which they happen.
	Changes []Change
	// MaxUnavailable is how many pods of an application may be missing for a pod
	// of it to be evicted. Applications that are not listed have no budget.
	MaxUnavailable map[string]int
}

// builder collects changes in any order.
type builder struct{ Trace }

// slot adds a slot that is wanted from start to end with a shape. A slot
// that outlives the trace is never given up.
func (b *builder) slot(shape *Shape, start, end time.Duration) {
	slot := b.Slots
	b.Slots++
	b.change(start, slot, shape)
	b.change(end, slot, nil)
}

func (b *builder) change(at time.Duration, slot int, shape *Shape) {
	if at < b.Length {
		b.Changes = append(b.Changes, Change{max(at, 0), slot, shape})
	}
}

func (b *builder) build() *Trace {
	slices.SortStableFunc(b.Changes, func(x, y Change) int { return cmp.Compare(x.At, y.At) })
	return &b.Trace
}
