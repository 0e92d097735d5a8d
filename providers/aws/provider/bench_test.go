// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// BenchmarkCreate is all that a launch costs before the launcher: of 600 types in 3 zones
// the NodeClaim names 60.
func BenchmarkCreate(b *testing.B) {
	w := newWorld(b, func(w *world) {
		w.types = nil
		for i := range 600 {
			it := m5()
			it.Name, it.Offerings = fmt.Sprintf("m%d.s%d", i/12, i%12), nil
			for _, zone := range []string{"a", "b", "c"} {
				for _, capacityType := range []string{label.OnDemand, label.Spot} {
					o := offering(label.CapacityType, capacityType, label.Zone, zone, v1.LabelTopologyZoneID, "z"+zone)
					o.Price = float64(i)
					it.Offerings = append(it.Offerings, o)
				}
			}
			it.Requirements = requirement.All(
				requirement.In(corev1.LabelArchStable, "amd64"), requirement.In(corev1.LabelOSStable, "linux"), requirement.In(label.InstanceType, it.Name),
				requirement.In(label.Zone, "a", "b", "c"), requirement.In(label.CapacityType, label.OnDemand, label.Spot),
				requirement.In(v1.LabelInstanceTenancy, "default", "dedicated"), requirement.In(v1.LabelInstanceFamily, fmt.Sprintf("m%d", i/12)),
			)
			w.types = append(w.types, it)
		}
		named := karpv1.NodeSelectorRequirementWithMinValues{Key: label.InstanceType, Operator: "In"}
		for _, it := range w.types[:60] {
			named.Values = append(named.Values, it.Name)
		}
		w.nodeClaim.Spec.Requirements = append(w.nodeClaim.Spec.Requirements, named)
	})
	b.ReportAllocs()
	for b.Loop() {
		w.asked = nil
		if _, err := w.Create(context.Background(), w.nodeClaim); err != nil || len(w.asked[0].Offers) != 180 {
			b.Fatalf("%v, asked %+v", err, w.asked)
		}
	}
}
