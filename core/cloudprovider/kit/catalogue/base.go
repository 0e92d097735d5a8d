// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"
	"sync"

	"karpenter.sh/core/cloudprovider"
)

// maxStates bounds how many states of one type a base remembers (KIT-024).
const maxStates = 16

// Item is an offering of a base, with what changes ask of it most.
type Item struct {
	// Type is as the base has it; Index is its place in the base.
	Type  *cloudprovider.InstanceType
	Index int
	// Offering is as the changes before have left it.
	Offering *cloudprovider.Offering
	// Listed is the offering as the base has it.
	Listed       *cloudprovider.Offering
	Zone         string
	CapacityType string
}

// Base holds instance types as they would be if all were in stock, and makes
// views of them. It is safe for concurrent use.
type Base struct {
	types []*cloudprovider.InstanceType
	// items are those of each type, read once.
	items [][]Item

	mu sync.Mutex
	// states are, for each type, those shown lately, the latest first.
	states [][]*cloudprovider.InstanceType
}

// NewBase returns a base of these types, none of which may change any more.
func NewBase(types []*cloudprovider.InstanceType) *Base {
	b := &Base{
		types:  slices.Clone(types),
		items:  make([][]Item, len(types)),
		states: make([][]*cloudprovider.InstanceType, len(types)),
	}
	for i, it := range types {
		b.items[i] = make([]Item, len(it.Offerings))
		for j, o := range it.Offerings {
			b.items[i][j] = Item{Type: it, Index: i, Offering: o, Listed: o, Zone: o.Zone(), CapacityType: o.CapacityType()}
		}
	}
	return b
}

// Types returns the unchanged types; the list is the caller's.
func (b *Base) Types() []*cloudprovider.InstanceType { return slices.Clone(b.types) }

// View returns the types as they are under a change, in the base's order; the
// list is the caller's (KIT-023, KIT-027).
func (b *Base) View(change Change) []*cloudprovider.InstanceType {
	out := slices.Clone(b.types)
	for i := range out {
		if changed := b.changed(i, change); changed != out[i] {
			out[i] = b.shown(i, changed)
		}
	}
	return out
}

// changed returns a type under a change; itself if nothing changes.
func (b *Base) changed(i int, change Change) *cloudprovider.InstanceType {
	out := b.types[i]
	for j, item := range b.items[i] {
		now := change(item)
		if now == item.Listed {
			continue
		}
		if out == b.types[i] {
			out = out.Copy()
		}
		out.Offerings[j] = now
	}
	return out
}

// shown returns the type that stands for a state: the one shown before, if it was
// shown lately.
func (b *Base) shown(i int, state *cloudprovider.InstanceType) *cloudprovider.InstanceType {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sameOfferings(b.types[i].Offerings, state.Offerings) {
		return b.types[i] // a copy was made of an offering that stays as it is
	}
	known := b.states[i]
	at := slices.IndexFunc(known, func(other *cloudprovider.InstanceType) bool {
		return sameOfferings(other.Offerings, state.Offerings)
	})
	switch {
	case at >= 0:
		state = known[at]
		known = slices.Delete(known, at, at+1)
	case len(known) == maxStates:
		known = known[:maxStates-1]
	}
	b.states[i] = slices.Insert(known, 0, state)
	return state
}
