// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

// Zone is where a pod may land. The zero Zone is nowhere.
type Zone struct {
	// Name is that of the only zone.
	Name string
	// Flexible pods may land in several zones, or do not care.
	Flexible bool
}

// Zones tells, for each pod, which zone its own constraints, those of its
// volumes and its topology rules on zones have in common, before anything is
// placed (SCH-251, OPS-096). Preferences do not count, and of OR-ed terms any
// may be met. Whether anything is sold there makes no difference. It costs work
// for each class of pods.
func Zones(in Input) []Zone {
	out := make([]Zone, len(in.Pods))
	key, ok := in.Snapshot.Vocabulary.FindKey(label.Zone)
	if !ok { // nothing says anything of zones
		for i := range out {
			out[i].Flexible = !in.Pods[i].Class.VolumeConflict
		}
		return out
	}
	s, known := newSolver(in), map[*model.Class]Zone{}
	for i := range in.Pods {
		class := in.Pods[i].Class
		zone, seen := known[class]
		if !seen {
			zone = s.zone(s.class(class), key)
			known[class] = zone
		}
		out[i] = zone
	}
	return out
}

// zone joins the attempts that are left at the end: one for each OR-ed term,
// without preferences.
func (s *solver) zone(c *class, key constraint.Key) Zone {
	if c.VolumeConflict {
		return Zone{}
	}
	attached, pinned := zonesOfVolumes(c.Volumes, key)
	var all bitset.Set
	for i := range c.attempts {
		a := &c.attempts[i]
		if !a.SoftTaints {
			continue
		}
		zones, bound := s.zonesOf(a, key)
		switch {
		case !bound && !pinned:
			return Zone{Flexible: true}
		case !bound:
			zones = attached
		case pinned:
			zones.And(attached)
		}
		all = union(all, zones)
	}
	one, single := constraint.Only(all).Single()
	if !single {
		return Zone{Flexible: !all.Empty()}
	}
	return Zone{Name: s.in.Snapshot.Vocabulary.ValueName(key, one)}
}

// zonesOfVolumes are the zones of all alternatives; pinned is false if some
// alternative leaves the zone open.
func zonesOfVolumes(alternatives []constraint.Sets, key constraint.Key) (zones bitset.Set, pinned bool) {
	for _, a := range alternatives {
		own, restricted := a.Get(key)
		if !restricted || !own.Concrete() {
			return nil, false
		}
		zones = union(zones, own.Values())
	}
	return zones, len(alternatives) > 0
}

// zonesOf are the zones that the attempt's demands and topology rules leave;
// bound is false if they say nothing about zones.
func (s *solver) zonesOf(a *attempt, key constraint.Key) (zones bitset.Set, bound bool) {
	own, restricted := a.Wanted.Get(key)
	restricted = restricted && own.Concrete()
	ruled := slices.Contains(a.keys, key)
	if !restricted && !ruled {
		return nil, false
	}
	candidates := own.Values().Clone()
	if !restricted {
		candidates = s.knownZones(a, key)
	}
	if !ruled {
		return candidates, true
	}
	for _, choice := range s.choose(a, key) {
		for z := range candidates.All() {
			if s.in.Snapshot.Vocabulary.Has(key, choice, constraint.Value(z)) {
				zones = zones.Add(z)
			}
		}
	}
	return zones, true
}

// knownZones are those that pools could provide or that the attempt's rules
// count in.
func (s *solver) knownZones(a *attempt, key constraint.Key) bitset.Set {
	var out bitset.Set
	for _, p := range s.pools {
		out = union(out, p.DomainsOf(key))
	}
	for _, r := range a.onKeys {
		if r.Key == key {
			out = union(out, r.Domains())
		}
	}
	return out
}
