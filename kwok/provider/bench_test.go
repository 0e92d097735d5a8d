// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"strconv"
	"testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
)

// KWOK-032: 1,000 launches a minute leave 60 ms for each.
func BenchmarkCreate(b *testing.B) {
	var names []string
	for _, it := range embedded(b).Types {
		names = append(names, it.Name)
	}
	for name, reqs := range map[string][]v1.NodeSelectorRequirementWithMinValues{
		"all types":    nil,
		"144 listed":   {in(label.InstanceType, names...)},
		"dearest only": {in(label.InstanceType, "m-256x-amd64-linux")},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, settings{noStart: true})
			i := 0
			for b.Loop() {
				i++
				claim := nodeClaim("claim-"+strconv.Itoa(i), reqs...)
				claim.Spec.Resources.Requests = resources("cpu=3 memory=10Gi pods=12")
				if _, err := w.Create(b.Context(), claim); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// CP-035
func BenchmarkGetInstanceTypes(b *testing.B) {
	w := newWorld(b, settings{noStart: true})
	pool := nodePool()
	for b.Loop() {
		if _, err := w.GetInstanceTypes(b.Context(), pool); err != nil {
			b.Fatal(err)
		}
	}
}
