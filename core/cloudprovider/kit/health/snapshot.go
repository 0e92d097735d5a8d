// SPDX-License-Identifier: Apache-2.0

package health

import "slices"

// Snapshot answers for a moment. It is immutable.
type Snapshot struct {
	generation uint64
	entries    []*Entry // in no order
	// Each entry is in one index only, by the first of its fields in this order, so
	// that a question meets few entries that are not about it. Lists are ordered by
	// how long the entries last.
	byNetwork, byType, byFamily, byPlace, byPool map[string][]*Entry
	// wide have only zone and capacity type.
	wide []*Entry
}

func newSnapshot(generation uint64, entries []*Entry) *Snapshot {
	s := &Snapshot{
		generation: generation, entries: entries,
		byNetwork: map[string][]*Entry{}, byType: map[string][]*Entry{}, byFamily: map[string][]*Entry{},
		byPlace: map[string][]*Entry{}, byPool: map[string][]*Entry{},
	}
	for _, e := range entries {
		s.index(e)
	}
	for _, index := range []map[string][]*Entry{s.byNetwork, s.byType, s.byFamily, s.byPlace, s.byPool} {
		for _, list := range index {
			slices.SortFunc(list, lasting)
		}
	}
	slices.SortFunc(s.wide, lasting)
	return s
}

func (s *Snapshot) index(e *Entry) {
	add := func(index map[string][]*Entry, name string) { index[name] = append(index[name], e) }
	switch scope := &e.Scope; {
	case scope.Network != "":
		add(s.byNetwork, scope.Network)
	case scope.InstanceType != "":
		add(s.byType, scope.InstanceType)
	case scope.Family != "":
		add(s.byFamily, scope.Family)
	case scope.Place != "":
		add(s.byPlace, scope.Place)
	case scope.NodePool != "":
		add(s.byPool, scope.NodePool)
	default:
		s.wide = append(s.wide, e)
	}
}

// Generation is that of the record when the snapshot was taken.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Why returns the mark by which an offering is unavailable; false if none says
// so (KIT-010).
func (s *Snapshot) Why(o Offering) (Entry, bool) {
	if len(s.entries) == 0 {
		return Entry{}, false
	}
	best := s.throughNetworks(&o)
	best = longer(best, find(s.byType[o.InstanceType], &o))
	best = longer(best, find(s.byFamily[o.Family], &o))
	best = longer(best, find(s.byPool[o.NodePool], &o))
	best = longer(best, find(s.wide, &o))
	for _, place := range o.Places {
		best = longer(best, find(s.byPlace[place], &o))
	}
	if best == nil {
		return Entry{}, false
	}
	return *best, true
}

// throughNetworks returns the mark that will give the zone back first, if every
// usable network is marked (KIT-004).
func (s *Snapshot) throughNetworks(o *Offering) *Entry {
	if len(s.byNetwork) == 0 {
		return nil
	}
	var first *Entry
	for _, network := range o.Networks {
		e := find(s.byNetwork[network], o)
		if e == nil {
			return nil
		}
		if first == nil || lasting(first, e) < 0 {
			first = e
		}
	}
	return first
}

// find returns the first entry, which lasts longest, that covers the offering.
func find(entries []*Entry, o *Offering) *Entry {
	for _, e := range entries {
		if e.Scope.covers(o) {
			return e
		}
	}
	return nil
}

func longer(a, b *Entry) *Entry {
	if a == nil || (b != nil && lasting(b, a) < 0) {
		return b
	}
	return a
}

// Entries lists the marks, those that last longest first (KIT-013).
func (s *Snapshot) Entries() []Entry {
	out := make([]Entry, len(s.entries))
	for i, e := range slices.SortedFunc(slices.Values(s.entries), lasting) {
		out[i] = *e
	}
	return out
}

// CountByReason counts the marks by their reason, for a gauge.
func (s *Snapshot) CountByReason() map[string]int {
	counts := map[string]int{}
	for _, e := range s.entries {
		counts[e.Reason]++
	}
	return counts
}
