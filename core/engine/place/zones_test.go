// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

func TestZones(t *testing.T) {
	zones := func(z ...string) requirement.Requirements {
		return requirement.All(requirement.In(label.Zone, z...))
	}
	spread := func(w *world, key string, counts map[string]int32) int32 {
		return w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(key, counts)}, key)
	}
	one := func(name string) place.Zone { return place.Zone{Name: name} }
	flexible, nowhere := place.Zone{Flexible: true}, place.Zone{}
	for _, tc := range []struct {
		why   string
		class func(*world) *model.Class
		want  place.Zone
	}{
		{"OPS-096 no constraint", func(w *world) *model.Class { return w.class(1, 1) }, flexible},
		{"OPS-096 one zone", func(w *world) *model.Class { return w.class(1, 1, zones("b")) }, one("b")},
		{"OPS-096 a zone that nobody sells", func(w *world) *model.Class { return w.class(1, 1, zones("moon")) }, one("moon")},
		{"OPS-096 several zones", func(w *world) *model.Class { return w.class(1, 1, zones("a", "b")) }, flexible},
		{"OPS-096 all zones but one", func(w *world) *model.Class {
			return w.class(1, 1, requirement.All(requirement.NotIn(label.Zone, "a")))
		}, flexible},
		{"OPS-096 zones without anything in common", func(w *world) *model.Class {
			return w.class(1, 1, requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.Zone, "b")))
		}, nowhere},
		{"OPS-096 either of two terms", func(w *world) *model.Class { return w.class(1, 1, zones("a"), zones("b")) }, flexible},
		{"OPS-096 two terms of the same zone", func(w *world) *model.Class { return w.class(1, 1, zones("a"), zones("a")) }, one("a")},
		{"OPS-096 a spread that leaves one zone", func(w *world) *model.Class {
			return w.obeying(1, requirement.Requirements{}, spread(w, label.Zone, map[string]int32{"a": 1, "b": 0}))
		}, one("b")},
		{"OPS-096 a spread that leaves all zones", func(w *world) *model.Class {
			return w.obeying(1, requirement.Requirements{}, spread(w, label.Zone, map[string]int32{"a": 1, "b": 1}))
		}, flexible},
		{"OPS-096 the pod's zones and those of the spread", func(w *world) *model.Class {
			return w.obeying(1, zones("a", "b"), spread(w, label.Zone, map[string]int32{"a": 2, "b": 0}))
		}, one("b")},
		{"OPS-096 spreads that exclude each other", func(w *world) *model.Class {
			return w.obeying(1, requirement.Requirements{},
				spread(w, label.Zone, map[string]int32{"a": 1, "b": 0}), spread(w, label.Zone, map[string]int32{"a": 0, "b": 1}))
		}, nowhere},
		{"OPS-096 a volume in one zone", func(w *world) *model.Class { return w.onVolumes(w.class(1, 1), zones("b")) }, one("b")},
		{"OPS-096 a volume in either zone", func(w *world) *model.Class { return w.onVolumes(w.class(1, 1), zones("a"), zones("b")) }, flexible},
		{"OPS-096 a volume that does not care about zones", func(w *world) *model.Class {
			return w.onVolumes(w.class(1, 1, zones("a")), requirement.All(requirement.In("rack", "1")))
		}, one("a")},
		{"OPS-096 the pod's zones and those of the volume", func(w *world) *model.Class {
			return w.onVolumes(w.class(1, 1, zones("a", "b")), zones("b"), zones("c"))
		}, one("b")},
		{"OPS-096 a spread and a volume that exclude each other", func(w *world) *model.Class {
			return w.onVolumes(w.obeying(1, requirement.Requirements{}, spread(w, label.Zone, map[string]int32{"a": 1, "b": 0})), zones("a"))
		}, nowhere},
		{"OPS-096 volumes that exclude each other", func(w *world) *model.Class {
			c := w.class(1, 1)
			c.VolumeConflict = true
			return c
		}, nowhere},
		{"OPS-096 a spread over something else", func(w *world) *model.Class {
			return w.obeying(1, requirement.Requirements{}, spread(w, label.CapacityType, map[string]int32{label.Spot: 1}))
		}, flexible},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(2, tc.class(w))
			for i, got := range place.Zones(w.input()) {
				if got != tc.want {
					t.Errorf("pod %d: %+v, want %+v", i, got, tc.want)
				}
			}
		})
	}
}

// SCH-251: preferences, affinity and volumes.
func TestZonesOfRulesAndVolumes(t *testing.T) {
	open := requirement.Requirements{}
	affine := func(w *world, byZone map[string]int32) int32 {
		return w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, byZone)}, label.Zone)
	}
	one := func(name string) place.Zone { return place.Zone{Name: name} }
	flexible, nowhere := place.Zone{Flexible: true}, place.Zone{}
	for _, tc := range []struct {
		why     string
		class   func(*world) *model.Class
		volumes []requirement.Requirements
		want    place.Zone
	}{
		{"a preference does not count", func(w *world) *model.Class {
			c := w.class(1, 1)
			preferred := c.Attempts[0]
			preferred.Wanted = w.v.Compile(inZone("1"))
			c.Attempts = append([]model.Attempt{preferred}, c.Attempts...)
			return c
		}, nil, flexible},
		{"a spread that the pod's zones do not let it meet", func(w *world) *model.Class {
			return w.obeying(1, inZone("1"), w.group(topology.Group{
				Kind: topology.Spread, MaxSkew: 1, MinDomains: 2, Counts: w.counts(label.Zone, map[string]int32{"1": 2}),
			}, label.Zone))
		}, nil, nowhere},
		{"affinity", func(w *world) *model.Class { return w.obeying(1, open, affine(w, map[string]int32{"2": 1})) }, nil, one("2")},
		{"affinity that nothing meets", func(w *world) *model.Class {
			c := w.obeying(1, open, affine(w, nil))
			c.Topology = topology.Relation{}
			return c
		}, nil, nowhere},
		{"affinity that may start anywhere", func(w *world) *model.Class { return w.obeying(1, open, affine(w, nil)) }, nil, flexible},
		{"anti-affinity", func(w *world) *model.Class {
			return w.obeying(1, open, w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 1})}, label.Zone))
		}, nil, one("3")},
		{"a rule on another key", func(w *world) *model.Class {
			return w.obeying(1, open, w.group(topology.Group{Kind: topology.AntiAffinity, Hosts: map[string]int32{"n": 1}}, label.Hostname))
		}, nil, flexible},
		{"a volume", func(w *world) *model.Class { return w.class(1, 1) }, []requirement.Requirements{inZone("2")}, one("2")},
		{"a volume of several zones", func(w *world) *model.Class { return w.class(1, 1) }, []requirement.Requirements{inZone("2"), inZone("3")}, flexible},
		{"a volume that may be anywhere", func(w *world) *model.Class { return w.class(1, 1) }, []requirement.Requirements{inZone("2"), open}, flexible},
		{"a volume and a demand", func(w *world) *model.Class { return w.class(1, 1, inZone("1", "2")) }, []requirement.Requirements{inZone("2"), inZone("3")}, one("2")},
		{"a volume elsewhere", func(w *world) *model.Class { return w.class(1, 1, inZone("1")) }, []requirement.Requirements{inZone("2")}, nowhere},
		{"a volume where a rule admits no pod", func(w *world) *model.Class { return w.obeying(1, open, affine(w, map[string]int32{"2": 1})) }, []requirement.Requirements{inZone("1")}, nowhere},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			c := tc.class(w)
			for _, rs := range tc.volumes {
				c.Volumes = append(c.Volumes, w.v.Compile(rs))
			}
			w.add(2, c)
			for i, got := range place.Zones(w.input()) {
				if got != tc.want {
					t.Errorf("pod %d: %+v, want %+v", i, got, tc.want)
				}
			}
		})
	}
}
