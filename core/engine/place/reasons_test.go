// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"strings"
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// selector is the text of a selector.
type selector string

func (s selector) String() string { return string(s) }

// SCH-201, SCH-220..224: a message says what is wanted and what there is.
func TestReasonsSayWantedAndOffered(t *testing.T) {
	limit := func(id resource.ID, n int64) model.Limit { return model.Limit{Resource: id, Amount: n} }
	asking := func(w *world, key, value string) *model.Class {
		return w.class(1, 1, requirement.All(requirement.In(key, value)))
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"a limit that leaves types, but none for the pod", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, limit(resource.CPU, 4000))
			w.add(1, w.class(10, 1))
		}, `nodepool "p": limits leave cpu 4; the pod needs 10`},
		{"a limit that leaves less than a node", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, limit(resource.CPU, 1000))
			w.add(1, w.class(1, 1))
		}, `nodepool "p": limits leave cpu 1; the smallest instance type that would do has 2`},
		{"the limit that counts, of two", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, limit(resource.CPU, 64_000), limit(resource.Memory, gi))
			w.add(1, w.class(1, 2))
		}, `nodepool "p": limits leave memory 1Gi; the pod needs 2Gi`},
		{"what no type holds is no matter of limits", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, limit(resource.CPU, 1000))
			w.add(1, w.class(100, 1))
		}, `nodepool "p": no instance type is large enough: the pod needs cpu 100; the largest leaves 16`},
		{"nor of a limit on nodes", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, limit(resource.Nodes, 0))
			w.add(1, w.class(100, 1))
		}, `nodepool "p": no instance type is large enough: the pod needs cpu 100; the largest leaves 16`},
		{"daemons take their part", func(w *world) {
			one := resource.Vector{resource.CPU: 500}
			w.pool(model.TemplateOptions{Pool: "p", Overhead: []resource.Vector{one, one, one, one}})
			w.add(1, w.class(16, 1))
		}, `nodepool "p" (daemon overhead cpu 500m): no instance type is large enough: the pod needs cpu 16; the largest leaves 15.5`},
		{"a zone that nobody sells", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, asking(w, label.Zone, "us-east-1a"))
		}, `nodepool "p": no offering in zone us-east-1a; offered: a, b`},
		{"a zone that is sold out", func(w *world) {
			types := w.sizes()
			for i := range types {
				for j := range types[i].Groups[0].Offerings {
					o := &types[i].Groups[0].Offerings[j]
					o.Available = !o.Requirements.Equal(w.v.Compile(requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.Spot)))) &&
						!o.Requirements.Equal(w.v.Compile(requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand))))
				}
			}
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: model.NewCatalogue(w.v, types)})
			w.add(1, asking(w, label.Zone, "a"))
		}, `nodepool "p": no offering in zone a is available now; available: b`},
		{"an instance type that there is not", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, asking(w, label.InstanceType, "99-cpu"))
		}, `nodepool "p": no instance type 99-cpu; offered: 16-cpu, 2-cpu, 4-cpu, 8-cpu`},
		{"the pool's own requirements are not the pod's fault", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: requirement.All(requirement.In(label.CapacityType, label.Spot))})
			w.add(1, asking(w, label.Arch, "arm64"))
		}, `nodepool "p": no instance type with label kubernetes.io/arch arm64; offered: amd64`},
		{"a label that nobody defines", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, asking(w, "team", "a"))
		}, `nodepool "p": incompatible requirements: label "team" does not have known values; set it in spec.template.metadata.labels`},
		{"affinity to nobody", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
			g := w.group(topology.Group{Kind: topology.Affinity, Selector: selector("app=missing")}, label.Zone)
			c := w.obeying(1, requirement.Requirements{}, g)
			c.Topology.Counted = nil
			w.add(1, c)
		}, `nodepool "p": no pod matches its required affinity app=missing`},
		{"the pool that the pod selects comes first of sixty", func(w *world) {
			for i := range 59 {
				w.pool(model.TemplateOptions{Pool: fmt.Sprintf("pool-%02d", i)})
			}
			w.pool(model.TemplateOptions{Pool: "wanted", Requirements: requirement.All(requirement.In(label.Zone, "a"))}, limit(resource.CPU, 1000))
			w.add(1, asking(w, label.NodePool, "wanted"))
		}, `nodepool "wanted": limits leave cpu 1; the smallest instance type that would do has 2; ` +
			`nodepools "pool-00", "pool-01", "pool-02", "pool-03", "pool-04" and 54 others: the pod selects nodepool In [wanted]`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			plan := place.Solve(w.input())
			if len(plan.Unplaced) != 1 {
				t.Fatalf("got %q", w.outline(plan))
			}
			got := plan.Unplaced[0].Why.String()
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if len(got) > 1000 || strings.Contains(got, "\n") {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}
