// SPDX-License-Identifier: Apache-2.0

package gauges_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/cost"
)

func newPool(name string) *v1.NodePool {
	p := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: nodeClass.Group, Kind: nodeClass.Kind, Name: "default"}
	p.Spec.Limits = v1.Limits(list("cpu", "10", "nodes", "5"))
	p.Status.Resources = list("cpu", "2500m", "memory", "1Gi", "nodes", "2")
	return p
}

// OPS-125..127, OPS-084: what a pool uses, may use and costs, as long as it is
// there and ours.
func TestPools(t *testing.T) {
	w := newWorld(t)
	pool := newPool("general")
	w.store(w.pools, pool)
	foreign := newPool("foreign")
	foreign.Spec.Template.Spec.NodeClassRef.Kind = "Other"
	w.store(w.pools, foreign)
	w.expect("karpenter_nodepools_usage", `{nodepool="general",resource_type="cpu"} 2.5`,
		`{nodepool="general",resource_type="memory"} 1.073741824e+09`, `{nodepool="general",resource_type="nodes"} 2`)
	w.expect("karpenter_nodepools_limit", `{nodepool="general",resource_type="cpu"} 10`, `{nodepool="general",resource_type="nodes"} 5`)
	w.expect("karpenter_nodepools_cost_total", `{nodepool="general"} 0`)

	w.ledger.UpdateNodeClaim(&v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "c", UID: "c", Labels: map[string]string{
		v1.NodePoolLabelKey: "general", corev1.LabelInstanceTypeStable: "m", corev1.LabelTopologyZone: "a", v1.CapacityTypeLabelKey: "spot",
	}}})
	w.ledger.SetPrices("general", map[cost.Offering]float64{{InstanceType: "m", Zone: "a", CapacityType: "spot"}: 0.25})
	pool.Spec.Limits = v1.Limits(list("memory", "1Gi"))
	w.store(w.pools, pool)
	w.expect("karpenter_nodepools_limit", `{nodepool="general",resource_type="memory"} 1.073741824e+09`)
	w.expect("karpenter_nodepools_cost_total", `{nodepool="general"} 0.25`)
	w.remove(w.pools, pool)
	w.expect("karpenter_nodepools_")
}
