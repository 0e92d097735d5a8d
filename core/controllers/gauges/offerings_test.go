// SPDX-License-Identifier: Apache-2.0

package gauges_test

import (
	"context"
	"errors"
	"testing"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/gauges"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

func sold(capacityType, zone string, price float64, available bool) *cloudprovider.Offering {
	return &cloudprovider.Offering{
		Requirements: requirement.All(requirement.In(label.CapacityType, capacityType), requirement.In(label.Zone, zone)),
		Price:        price, Available: available,
	}
}

func small(offerings ...*cloudprovider.Offering) []*cloudprovider.InstanceType {
	return []*cloudprovider.InstanceType{{Name: "small", Capacity: list("cpu", "1500m", "memory", "2Gi"), Offerings: offerings}}
}

// market is what each pool can buy.
type market map[string][]*cloudprovider.InstanceType

func (m market) instanceTypes(_ context.Context, pool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if types, sells := m[pool.Name]; sells {
		return types, nil
	}
	return nil, errors.New("no catalogue")
}

func (w *world) offerings(m market, reserved bool) *gauges.Offerings {
	w.t.Helper()
	c, err := gauges.NewOfferings(gauges.OfferingOptions{
		Client: w.client, NodeClasses: cloudprovider.NodeClassKinds{nodeClass}, InstanceTypes: m.instanceTypes,
		Unreserved: reserved, Registerer: w.registry,
	})
	w.must(err)
	return c
}

func (w *world) refresh(c *gauges.Offerings) {
	w.t.Helper()
	result, err := c.Reconcile(w.t.Context())
	w.must(err)
	if result.RequeueAfter != time.Minute {
		w.t.Errorf("refreshed again after %s", result.RequeueAfter)
	}
}

const (
	available = "karpenter_cloudprovider_instance_type_offering_available"
	price     = "karpenter_cloudprovider_instance_type_offering_price_estimate"
)

// CP-078, CP-347: what is sold to any pool of ours, whatever ails another.
func TestOfferings(t *testing.T) {
	w := newWorld(t)
	foreign := newPool("foreign")
	foreign.Spec.Template.Spec.NodeClassRef.Kind = "Other"
	for _, pool := range []*v1.NodePool{newPool("a"), newPool("b"), newPool("broken"), foreign} {
		w.must(w.client.Create(t.Context(), pool))
	}
	m := market{
		"a":       small(sold("spot", "zone-1", 0.5, false), sold("on-demand", "zone-1", 2, true), sold("on-demand", "zone-2", 2, false)),
		"b":       small(sold("spot", "zone-1", 0.25, true), sold("on-demand", "zone-1", 3, false)),
		"foreign": {{Name: "foreign"}},
	}
	c := w.offerings(m, false)
	w.expect(available)
	w.refresh(c)
	w.expect("karpenter_cloudprovider_instance_type_cpu_cores", `{instance_type="small"} 1.5`)
	w.expect("karpenter_cloudprovider_instance_type_memory_bytes", `{instance_type="small"} 2.147483648e+09`)
	w.expect(available, `{capacity_type="on-demand",instance_type="small",zone="zone-1"} 1`,
		`{capacity_type="on-demand",instance_type="small",zone="zone-2"} 0`, `{capacity_type="spot",instance_type="small",zone="zone-1"} 1`)
	w.expect(price, `{capacity_type="on-demand",instance_type="small",zone="zone-1"} 2`,
		`{capacity_type="on-demand",instance_type="small",zone="zone-2"} 2`, `{capacity_type="spot",instance_type="small",zone="zone-1"} 0.25`)

	// CP-079: what nobody sells any more is gone.
	m["a"] = nil
	w.refresh(c)
	w.expect(available, `{capacity_type="on-demand",instance_type="small",zone="zone-1"} 0`, `{capacity_type="spot",instance_type="small",zone="zone-1"} 1`)
	delete(m, "b")
	w.refresh(c)
	w.expect("karpenter_cloudprovider_instance_type")
}

// CP-079: reservations are shown where there are none.
func TestUnreserved(t *testing.T) {
	w := newWorld(t)
	w.must(w.client.Create(t.Context(), newPool("a")))
	w.refresh(w.offerings(market{"a": small(sold("on-demand", "zone-1", 2, true), sold("on-demand", "zone-2", 2, true), sold("reserved", "zone-2", 0.1, true))}, true))
	w.expect(available, `{capacity_type="on-demand",instance_type="small",zone="zone-1"} 1`, `{capacity_type="on-demand",instance_type="small",zone="zone-2"} 1`,
		`{capacity_type="reserved",instance_type="small",zone="zone-1"} 0`, `{capacity_type="reserved",instance_type="small",zone="zone-2"} 1`)
	w.expect(price, `{capacity_type="on-demand",instance_type="small",zone="zone-1"} 2`, `{capacity_type="on-demand",instance_type="small",zone="zone-2"} 2`,
		`{capacity_type="reserved",instance_type="small",zone="zone-1"} 0`, `{capacity_type="reserved",instance_type="small",zone="zone-2"} 0.1`)
}
