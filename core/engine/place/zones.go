// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// Zone is where a pod may land. The zero Zone is nowhere.
type Zone struct {
	// Name is that of the only zone.
	Name string
	// Flexible pods may land in several zones, or do not care.
	Flexible bool
}

// Zones tells, for each pod, which zone its own constraints, those of its
// volumes and its spread rules on zones have in common, before anything is
// placed (OPS-096). Whether anything is sold there makes no difference. It costs
// work for each class of pods.
func Zones(in Input) []Zone {
	s, key := newSolver(in), in.Snapshot.Vocabulary.Key(label.Zone)
	known := map[*model.Class]Zone{}
	out := make([]Zone, len(in.Pods))
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

// zone joins the attempts and the alternatives of the volumes: each is one way to
// satisfy the pod.
func (s *solver) zone(c *class, key constraint.Key) Zone {
	if c.VolumeConflict {
		return Zone{}
	}
	var all bitset.Set
	for i := range c.attempts {
		own := s.zonesOf(&c.attempts[i], key)
		for _, volumes := range s.alternatives(c) {
			set := own
			if theirs, restricted := volumes.Get(key); restricted {
				set = s.in.Snapshot.Vocabulary.Intersect(key, own, theirs)
			}
			if !set.Concrete() {
				return Zone{Flexible: true}
			}
			all = union(all, set.Values())
		}
	}
	one, single := constraint.Only(all).Single()
	if !single {
		return Zone{Flexible: !all.Empty()}
	}
	return Zone{Name: s.in.Snapshot.Vocabulary.ValueName(key, one)}
}

func (s *solver) zonesOf(a *attempt, key constraint.Key) constraint.Set {
	set, constrained := a.Wanted.Get(key)
	if !constrained {
		set = constraint.Except(nil)
	}
	for _, r := range a.onKeys {
		if r.Key == key && r.Kind == topology.Spread {
			allowed, _ := r.Allowed(r.self, s.eligible(a, r.Tally))
			set = s.in.Snapshot.Vocabulary.Intersect(key, set, constraint.Only(allowed))
		}
	}
	return set
}
