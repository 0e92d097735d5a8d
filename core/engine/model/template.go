// SPDX-License-Identifier: Apache-2.0

package model

import (
	"sync"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// TemplateOptions describe a node pool.
type TemplateOptions struct {
	// Pool is the NodePool's name.
	Pool string
	// Requirements are those of the pool intersected with its labels
	// (SCH-190).
	Requirements requirement.Requirements
	Taints       []taint.Taint
	Catalogue    *Catalogue
	// Overhead is the daemon overhead for each type of the catalogue, in its
	// order (SCH-125); nil means none anywhere.
	Overhead []resource.Vector
	// DaemonPorts are the ports that the daemons take, for each type; nil
	// means none anywhere.
	DaemonPorts []hostport.Ports
	// Daemons are those that run on each type, by the numbers that topology
	// groups know them by; nil means none anywhere.
	Daemons []bitset.Set
	// Observed is what nodes of each variant turned out to be; nil means as
	// promised everywhere.
	Observed []Observed
	// Open holds the keys that the pool may leave undefined: the well-known
	// labels.
	Open bitset.Set
}

// Template is a node pool as the source of new nodes. It is immutable; what is
// left of its limits is part of the [Snapshot].
type Template struct {
	TemplateOptions
	// Wanted is Requirements interned.
	Wanted constraint.Sets
	// Minimums are what the pool's minValues ask for, by key.
	Minimums []Minimum
	// Base is what the catalogue has for the pool on its own.
	Base    Offer
	room    *Ranks
	domains sync.Map // of DomainsOf, by key
}

// NewTemplate compiles a node pool.
func NewTemplate(v *constraint.Vocabulary, o TemplateOptions) *Template {
	t := &Template{TemplateOptions: o, Wanted: v.Compile(o.Requirements)}
	for r := range o.Requirements.Each() {
		if r.MinValues() > 0 {
			t.Minimums = append(t.Minimums, Minimum{v.Key(r.Key()), r.MinValues()})
		}
	}
	t.Base = o.Catalogue.Meeting(t.Wanted, o.Open)
	room := make([]resource.Vector, o.Catalogue.Variants())
	for i := range room {
		room[i] = t.Room(i)
	}
	t.room = NewRanks(room)
	return t
}

// Minimum is the least number of distinct values of a key among the types that
// a node may be launched from (SCH-195).
type Minimum struct {
	Key    constraint.Key
	Values int
}

// Distinct is how many values of a key, of those the pool admits, the types of
// the variants advertise.
func (t *Template) Distinct(key constraint.Key, variants bitset.Set) int {
	own, restricted := t.Wanted.Get(key)
	ki := t.Catalogue.keys[key]
	if ki == nil {
		return 0
	}
	n := 0
	for value, having := range ki.byValue {
		if having != nil && having.Intersects(variants) && (!restricted || t.Catalogue.vocabulary.Has(key, own, constraint.Value(value))) {
			n++
		}
	}
	return n
}

// Room is what a node of variant i has for pods: allocatable less daemon
// overhead, and less what nodes lack of both. It is negative where the daemons
// alone do not fit.
func (t *Template) Room(i int) resource.Vector {
	return t.Catalogue.variants[i].allocatable.Clone().Sub(t.OverheadOf(i)).Sub(t.MissingOf(i))
}

// OverheadOf is the daemon overhead on variant i.
func (t *Template) OverheadOf(i int) resource.Vector {
	if t.Overhead == nil {
		return nil
	}
	return t.Overhead[t.Catalogue.TypeOf(i)]
}

// PortConflicts returns the variants whose daemons take one of the ports
// (SCH-101).
func (t *Template) PortConflicts(ports hostport.Ports) bitset.Set {
	out := bitset.New(t.Catalogue.Variants())
	for i := range t.Catalogue.Variants() {
		if t.DaemonPorts != nil && ports.Conflict(t.DaemonPorts[t.Catalogue.TypeOf(i)]) {
			out = out.Add(i)
		}
	}
	return out
}

// Crowded returns the variants on which more than so many of the daemons run.
func (t *Template) Crowded(daemons bitset.Set, most int) bitset.Set {
	out := bitset.New(t.Catalogue.Variants())
	if t.Daemons == nil {
		return out
	}
	for i := range t.Catalogue.Variants() {
		running := t.Daemons[t.Catalogue.TypeOf(i)].Clone()
		running.And(daemons)
		if running.Count() > most {
			out = out.Add(i)
		}
	}
	return out
}

// KeepFitting removes from candidates, in place, the variants without room for
// total beside their daemons, and reports whether any is left.
func (t *Template) KeepFitting(candidates bitset.Set, total resource.Vector) bool {
	return t.room.Keep(candidates, total)
}

// DomainsOf returns the values of a key that nodes of the template can have
// (SCH-142), whatever is available now or left of the limits. It is worked out once
// for each key. The caller must not change it.
func (t *Template) DomainsOf(key constraint.Key) bitset.Set {
	if known, ok := t.domains.Load(key); ok {
		return known.(bitset.Set)
	}
	domains := t.domainsOf(key)
	t.domains.Store(key, domains)
	return domains
}

func (t *Template) domainsOf(key constraint.Key) bitset.Set {
	own, defined := t.Wanted.Get(key)
	var out bitset.Set
	if defined {
		out = addConcrete(out, own)
	}
	for i := range t.Catalogue.Overlapping(t.Wanted).All() {
		theirs, has := t.Catalogue.Type(t.Catalogue.TypeOf(i)).Requirements.Get(key)
		if has && defined {
			theirs = t.Catalogue.vocabulary.Intersect(key, own, theirs)
		}
		if has {
			out = addConcrete(out, theirs)
		}
	}
	return out
}

// addConcrete adds the values of a concrete set; exclusions are no domains.
func addConcrete(out bitset.Set, s constraint.Set) bitset.Set {
	if s.Concrete() {
		for value := range s.Values().All() {
			out = out.Add(value)
		}
	}
	return out
}
