// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"strconv"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// CP-035, KIT-014, KIT-028: what the next view costs, of 1,000 types in 3 zones
// with 2 capacity types, where the NodeClass has two networks in each zone.
func BenchmarkView(b *testing.B) {
	base := catalogue.NewBase(types(1000))
	networks := map[string][]string{"a": {"a1", "a2"}, "b": {"b1", "b2"}, "c": {"c1", "c2"}}
	for _, marked := range []int{0, 100, 5000} {
		record := health.New(health.Options{Clock: clocktesting.NewFakePassiveClock(time.Now())})
		mark := func(i int) {
			if err := record.Mark(health.Mark{
				Scope:  health.Scope{InstanceType: "type-" + strconv.Itoa(i%1000), CapacityType: "spot", Zone: string(rune('a' + i/1000%3)), NodePool: strconv.Itoa(i / 3000)},
				Reason: "R", TTL: time.Hour,
			}); err != nil {
				b.Fatal(err)
			}
		}
		for i := range marked {
			mark(i)
		}
		views := catalogue.NewViews[uint64](0)
		view := func() int {
			marks := record.Snapshot()
			return len(views.Of(marks.Generation(), base, catalogue.All(
				catalogue.OnlyZones("a", "b", "c"),
				catalogue.Unavailable(func(i catalogue.Item) bool {
					_, gone := marks.Why(health.Offering{
						CapacityType: i.CapacityType, InstanceType: i.Type.Name, Zone: i.Zone, NodePool: "0", Networks: networks[i.Zone],
					})
					return gone
				}),
			)))
		}
		b.Run("steady/"+strconv.Itoa(marked), func(b *testing.B) {
			for b.Loop() {
				view()
			}
		})
		b.Run("after a mark/"+strconv.Itoa(marked), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				mark(i % 1000)
				view()
				record.Lift(health.Scope{InstanceType: "type-" + strconv.Itoa(i%1000), CapacityType: "spot", Zone: "a", NodePool: "0"})
				view()
			}
		})
	}
}
