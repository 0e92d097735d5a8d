// SPDX-License-Identifier: Apache-2.0

package blueprint_test

import (
	"fmt"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
)

// BenchmarkRequest is a request with 60 types of 12 sizes in 3 zones.
func BenchmarkRequest(b *testing.B) {
	known, list := machines{}, []choice.Candidate(nil)
	for i := range choice.MaxTypes {
		name := fmt.Sprintf("m%d.s%d", i/12, i%12)
		known[name] = machine(int64(10+i%12), 0)
		var offerings cloudprovider.Offerings
		for _, zone := range []string{"a", "b", "c"} {
			offerings = append(offerings, offering("on-demand/"+zone, float64(i)))
		}
		list = append(list, candidate(name, "amd64", offerings...))
	}
	in := input(candidates(list...), func(in *blueprint.Input) { in.Machines = known })
	maker := blueprint.New()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := maker.Request(in); err != nil {
			b.Fatal(err)
		}
	}
}
