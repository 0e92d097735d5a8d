// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

const gi = 1 << 30

// SCH-300: what evidence makes of a pool with types of 4 (two of them), 8 and 16
// CPU.
func TestEvidenceCorrectsTemplates(t *testing.T) {
	var types []*cloudprovider.InstanceType
	for _, s := range []fake.TypeSpec{{Name: "4a", CPU: 4, Memory: 16}, {Name: "4b", CPU: 4, Memory: 16}, {Name: "8", CPU: 8, Memory: 32}, {Name: "16", CPU: 16, Memory: 64}} {
		types = append(types, fake.NewInstanceType(s))
	}
	offers := func(cpu int64) intake.Observation {
		return intake.Observation{
			Promised: resource.Vector{resource.CPU: 3900, resource.Memory: 16*gi - 10<<20, resource.Pods: 110, resource.EphemeralStorage: 20 * gi},
			Offered:  resource.Vector{resource.CPU: cpu, resource.Memory: 16*gi - 10<<20, resource.Pods: 110, resource.EphemeralStorage: 20 * gi},
			Recent:   true,
		}
	}
	with := func(o intake.Observation, change func(*intake.Observation)) intake.Observation {
		change(&o)
		return o
	}
	cpu := func(m *model.Template, i int) int64 { return m.Room(i).Get(resource.CPU) }
	late := []taint.Taint{{Key: "late", Effect: taint.NoSchedule}}
	repelled := func(m *model.Template, i int) int64 {
		if m.Tainted(nil, false).Has(i) {
			return 1
		}
		return 0
	}
	limit := func(m *model.Template, i int) int64 {
		if m.Observed == nil {
			return 0
		}
		return int64(m.Observed[i].Attach["d"])
	}
	for _, tc := range []struct {
		why      string
		evidence intake.Evidence
		of       func(*model.Template, int) int64
		want     [4]int64
	}{
		{"nothing is known", nil, cpu, [4]int64{3900, 3900, 7900, 15900}},
		{"more than promised changes nothing", intake.Evidence{"4a": offers(4000)}, cpu, [4]int64{3900, 3900, 7900, 15900}},
		{"one type speaks for itself", intake.Evidence{"4a": offers(3000)}, cpu, [4]int64{3000, 3900, 7900, 15900}},
		{"what two have in common is expected of all", intake.Evidence{"4a": offers(3000), "4b": offers(3120)}, cpu, [4]int64{3000, 3120, 7120, 15120}},
		{"what one has not is not", intake.Evidence{"4a": offers(3000), "4b": offers(3900)}, cpu, [4]int64{3000, 3900, 7900, 15900}},
		{"what is old is not", intake.Evidence{
			"4a": offers(3000), "4b": with(offers(3000), func(o *intake.Observation) { o.Recent = false }),
		}, cpu, [4]int64{3000, 3000, 7900, 15900}},
		{"a node of which less was promised says nothing of more", intake.Evidence{"8": offers(3000)}, cpu, [4]int64{3900, 3900, 7900, 15900}},
		{"daemons that nobody planned with", intake.Evidence{
			"4a": with(offers(3900), func(o *intake.Observation) { o.Daemons = resource.Vector{resource.CPU: 500} }),
		}, cpu, [4]int64{3400, 3900, 7900, 15900}},
		{"daemons on all", intake.Evidence{
			"4a": with(offers(3900), func(o *intake.Observation) { o.Daemons = resource.Vector{resource.CPU: 500} }),
			"4b": with(offers(3900), func(o *intake.Observation) { o.Daemons = resource.Vector{resource.CPU: 700} }),
		}, cpu, [4]int64{3400, 3200, 7400, 15400}},
		{"taints of one type", intake.Evidence{"4a": with(offers(3900), func(o *intake.Observation) { o.Taints = late })}, repelled, [4]int64{1, 0, 0, 0}},
		{"taints of all", intake.Evidence{
			"4a": with(offers(3900), func(o *intake.Observation) { o.Taints = late }), "4b": with(offers(3900), func(o *intake.Observation) { o.Taints = late }),
		}, repelled, [4]int64{1, 1, 1, 1}},
		{"limits of drivers", intake.Evidence{
			"4a": with(offers(3900), func(o *intake.Observation) { o.Attach = attach.Limits{"d": 2} }),
			"4b": with(offers(3900), func(o *intake.Observation) { o.Attach = attach.Limits{"d": 3, "e": 1} }),
		}, limit, [4]int64{2, 3, 3, 3}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := intake.New(intake.Options{Vocabulary: fake.Vocabulary()})
			in := intake.PoolInput{NodePool: nodePool(nil), Types: types}
			before, err := c.Template(in)
			if err != nil {
				t.Fatal(err)
			}
			in.Evidence = tc.evidence
			compiled, err := c.Template(in)
			if err != nil {
				t.Fatal(err)
			}
			if len(tc.evidence) > 0 && compiled == before {
				t.Error("the template from before the evidence is used")
			}
			for i, want := range tc.want {
				if got := tc.of(compiled, i); got != want {
					t.Errorf("type %s: got %d, want %d", types[i].Name, got, want)
				}
			}
		})
	}
}
