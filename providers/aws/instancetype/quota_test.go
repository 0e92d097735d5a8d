// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"slices"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
)

// quotas are what is left of limits.
type quotas map[string]int64

func (q quotas) Left(limit string) (int64, bool) { left, known := q[limit]; return left, known }

// AWS-450, KIT-032: offerings that need more than is left are unavailable, of that way to
// buy and group of families alone; what is left beyond that changes no type.
func TestQuotas(t *testing.T) {
	left := quotas{}
	w := newWorld(t, []ec2types.InstanceTypeInfo{
		info("c5.2xlarge", 8, 16384), info("c5.large", 2, 4096), info("g5.xlarge", 4, 16384), info("m5.xlarge", 4, 16384),
	}, func(w *world) { w.options.Quotas = left })
	c := nodeClass()
	before := w.list(c, nil)
	const spot = "standard spot vCPUs"
	for _, tc := range []struct {
		left int64
		want []string
	}{
		{left: 0, want: []string{"g5.xlarge"}},
		{left: 1, want: []string{"g5.xlarge"}},
		{left: 2, want: []string{"c5.large", "g5.xlarge"}},
		{left: 3, want: []string{"c5.large", "g5.xlarge"}},
		{left: 7, want: []string{"c5.large", "g5.xlarge", "m5.xlarge"}},
		{left: 8, want: []string{"c5.2xlarge", "c5.large", "g5.xlarge", "m5.xlarge"}},
	} {
		left[spot] = tc.left
		list := w.list(c, nil)
		if got := offered(list, label.Spot); !slices.Equal(got, tc.want) {
			t.Errorf("%d left: spot is %v, want %v", tc.left, got, tc.want)
		}
		if got := offered(list, label.OnDemand); len(got) != 4 {
			t.Errorf("%d left: on demand is %v", tc.left, got)
		}
		left[spot] = tc.left | 1 // makes room for none of these types
		if tc.left&1 == 0 && !slices.Equal(w.list(c, nil), list) {
			t.Errorf("%d left: the types have changed", tc.left|1)
		}
	}
	delete(left, spot)
	if !slices.Equal(w.list(c, nil), before) {
		t.Error("a limit that nobody knows changes types")
	}
}

// available are the types that can be had so in zone a.
func offered(list []*cloudprovider.InstanceType, capacityType string) []string {
	var out []string
	for _, it := range list {
		for _, o := range it.Offerings {
			if o.Available && o.CapacityType() == capacityType && o.Zone() == "a" {
				out = append(out, it.Name)
			}
		}
	}
	return out
}

// CP-130, AWS-449: offerings say what they draw, reserved ones nothing.
func TestDraws(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{info("g5.xlarge", 4, 16384)})
	it := w.only(nodeClass())
	for _, o := range it.Offerings {
		want := []ration.Draw{{Limit: "g-vt " + o.CapacityType() + " vCPUs", Amount: 4}}
		if !slices.Equal(o.Draws, want) {
			t.Errorf("%s draws %v", o.Requirements, o.Draws)
		}
	}
	if n, known := w.provider.VCPUs("g5.xlarge"); n != 4 || !known {
		t.Errorf("%d vCPUs, %t", n, known)
	}
	if _, known := w.provider.VCPUs("g5.nano"); known {
		t.Error("a type that there is not is known")
	}
}
