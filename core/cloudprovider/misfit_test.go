// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/requirement"
)

// API-085: what keeps all instance types from a pool is named.
func TestMisfit(t *testing.T) {
	const zone, arch, captype = "topology.kubernetes.io/zone", "kubernetes.io/arch", "karpenter.sh/capacity-type"
	types := cloudprovider.InstanceTypes{
		fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 4, Zones: []string{"zone-a"}, CapacityTypes: []string{"spot"}}),
		fake.NewInstanceType(fake.TypeSpec{Name: "large", CPU: 8, Memory: 16, Zones: []string{"zone-a", "zone-b"}, CapacityTypes: []string{"on-demand"}}),
	}
	for _, it := range types { // availability does not matter
		for i, o := range it.Offerings {
			it.Offerings[i] = o.Unavailable()
		}
	}
	for _, tc := range []struct {
		why    string
		wanted []requirement.Requirement
		text   []string
	}{
		{"nothing is asked", nil, nil},
		{"both can be had together", []requirement.Requirement{requirement.In(zone, "zone-b"), requirement.In(captype, "on-demand")}, nil},
		{"a label of the pool's own", []requirement.Requirement{requirement.In("team", "a")}, nil},
		{"a zone that nobody offers", []requirement.Requirement{requirement.In(zone, "us-east-1a"), requirement.In(arch, "amd64")},
			[]string{"Requirement " + zone + " In [us-east-1a] excludes all 2 instance types", "offered: zone-a, zone-b"}},
		{"two that nobody offers", []requirement.Requirement{requirement.In(zone, "x"), requirement.In(arch, "riscv")},
			[]string{zone + " In [x]", "; requirement " + zone + " In [x]"}},
		{"each can be had, but not together", []requirement.Requirement{requirement.In(zone, "zone-b"), requirement.In(captype, "spot")},
			[]string{"None of 2 instance types", "the nearest is large", captype + " In [spot] (it has on-demand)"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			misfit, found := types.Misfit(requirement.All(tc.wanted...))
			if found != (tc.text != nil) {
				t.Fatalf("got %v: %s", found, misfit)
			}
			for _, text := range tc.text {
				if !strings.Contains(misfit.String(), text) {
					t.Errorf("%q is not in %q", text, misfit)
				}
			}
		})
	}
	if misfit, found := (cloudprovider.InstanceTypes{}).Misfit(requirement.Requirements{}); !found || !strings.Contains(misfit.String(), "no instance types") {
		t.Errorf("without types: %v, %s", found, misfit)
	}
}
