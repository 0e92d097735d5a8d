// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"maps"
	"math"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
)

// Tally is a group during one run.
type Tally struct {
	*Group
	// counts by domain, for the domains in known.
	counts []int32
	known  bitset.Set
	relied bitset.Set       // domains where this run placed pods that demand the rule
	change int              // pods counted by this run, less those it took off
	before int              // pods of Group; unknown until asked for
	hosts  map[string]int32 // beside Group.Hosts: placed by this run
}

const unknown = -1

// NewTally starts a run's count of a group. It knows the domains of the nodes
// that exist.
func NewTally(g *Group) *Tally {
	t := &Tally{Group: g, hosts: map[string]int32{}, before: unknown}
	for d, n := range g.Counts {
		t.Meet(d)
		t.counts[d] = n
	}
	return t
}

// Meet makes a domain known: a node is there or may come to be.
func (t *Tally) Meet(d constraint.Value) {
	t.known = t.known.Add(int(d))
	for len(t.counts) <= int(d) {
		t.counts = append(t.counts, 0)
	}
}

// Domains are the known ones, whether or not they hold a pod. The caller must
// not change them.
func (t *Tally) Domains() bitset.Set { return t.known }

// Rely remembers that a pod which demands the rule was placed in a domain.
func (t *Tally) Rely(d constraint.Value) { t.relied = t.relied.Add(int(d)) }

// Strained reports whether one more domain, an empty one, would keep the
// scheduler from binding pods where this run placed them (SCH-158).
func (t *Tally) Strained() bool {
	for d := range t.relied.All() {
		if t.Count(constraint.Value(d)) > t.MaxSkew {
			return true
		}
	}
	return false
}

// Add counts n more pods in a domain.
func (t *Tally) Add(d constraint.Value, n int32) {
	t.Meet(d)
	t.counts[d] += n
	t.change += int(n)
}

// Count is the number of pods counted in a domain.
func (t *Tally) Count(d constraint.Value) int32 {
	if int(d) < len(t.counts) {
		return t.counts[d]
	}
	return 0
}

// Counted is the group with the pods that this run has counted.
func (t *Tally) Counted() *Group {
	g := *t.Group
	g.Counts = make(map[constraint.Value]int32, len(t.counts))
	for d := range t.known.All() {
		g.Counts[constraint.Value(d)] = t.counts[d]
	}
	if len(t.hosts) > 0 {
		g.Hosts = maps.Clone(g.Hosts)
		if g.Hosts == nil {
			g.Hosts = make(map[string]int32, len(t.hosts))
		}
		for name, n := range t.hosts {
			g.Hosts[name] += n
		}
	}
	return &g
}

// Empty reports whether no pod is counted in any of the domains.
func (t *Tally) Empty(domains bitset.Set) bool {
	for d := range domains.All() {
		if t.Count(constraint.Value(d)) > 0 {
			return false
		}
	}
	return true
}

// Rank orders domains that are otherwise equal, differently for each group
// (SCH-154). It reads the domain's name, since the numbers of values depend on
// what was interned when.
func (t *Tally) Rank(domain string) uint64 {
	h := t.Seed
	for i := range len(domain) {
		h = (h ^ uint64(domain[i])) * 0x9E3779B97F4A7C15
		h ^= h >> 31
	}
	return h
}

// AddHost counts n more pods on a node.
func (t *Tally) AddHost(name string, n int32) {
	t.hosts[name] += n
	t.change += int(n)
}

// HasPlaced reports whether this run has counted a pod on any node.
func (t *Tally) HasPlaced() bool { return len(t.hosts) > 0 }

// OnHost is the number of pods counted on a node.
func (t *Tally) OnHost(name string) int32 { return t.Group.Hosts[name] + t.hosts[name] }

// Nowhere reports whether no pod is counted in any domain.
func (t *Tally) Nowhere() bool {
	if t.before == unknown {
		t.before = t.Total()
	}
	return t.before+t.change == 0
}

// AdmitsHost reports whether one more pod may land on a node, for groups of the
// hostname. The minimum of a spread is 0, since a node can always be added
// (SCH-152, SCH-155); affinity that nothing satisfies yet is bootstrapped by
// the pods that match it themselves (SCH-160).
func (t *Tally) AdmitsHost(name string, self bool) bool {
	n := t.OnHost(name)
	switch t.Kind {
	case Spread:
		return n+one(self) <= t.MaxSkew
	case Affinity:
		return n > 0 || self && t.Nowhere()
	}
	return n == 0
}

func one(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// View is how one pod sees the domains of a rule.
type View struct {
	// Eligible says which of the known domains a spread looks at.
	Eligible func(constraint.Value) bool
	// Open are the domains, known or not, where a node for the pod could be
	// opened (SCH-142). It is asked only where that matters.
	Open func() bitset.Set
}

// Allowed returns the domains where one more pod may land (SCH-153, SCH-160,
// SCH-162), whatever the pod's own constraints say. The second result is false
// when every domain is allowed that holds no pod, known or not, and also the
// absence of the label (anti-affinity): then the domains returned are those that
// are not allowed.
func (t *Tally) Allowed(self bool, v View) (domains bitset.Set, listed bool) {
	switch t.Kind {
	case Spread:
		return t.balanced(self, v), true
	case Affinity:
		return t.together(self, v), true
	}
	return t.occupied(), false
}

// balanced lists the domains that keep the skew.
func (t *Tally) balanced(self bool, v View) bitset.Set {
	seen := t.known.Clone()
	for d := range t.known.All() {
		if !v.Eligible(constraint.Value(d)) {
			seen.Remove(d)
		}
	}
	for d := range v.Open().All() {
		seen = seen.Add(d)
	}
	least, domains := int32(math.MaxInt32), int32(0)
	for d := range seen.All() {
		least, domains = min(least, t.Count(constraint.Value(d))), domains+1
	}
	if domains < t.MinDomains {
		least = 0
	}
	var out bitset.Set
	for d := range seen.All() {
		// Compared as a difference of 64-bit numbers: maxSkew may be huge.
		if int64(t.Count(constraint.Value(d)))+int64(one(self))-int64(least) <= int64(t.MaxSkew) {
			out = out.Add(d)
		}
	}
	return out
}

// together lists the domains that hold a counted pod; while there is none
// anywhere, the pods that match their own term may start in any.
func (t *Tally) together(self bool, v View) bitset.Set {
	if !self || !t.Nowhere() {
		return t.occupied()
	}
	out := t.known.Clone()
	for d := range v.Open().All() {
		out = out.Add(d)
	}
	return out
}

func (t *Tally) occupied() bitset.Set {
	var out bitset.Set
	for d := range t.known.All() {
		if t.counts[d] > 0 {
			out = out.Add(d)
		}
	}
	return out
}
