// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics"
)

func labels() map[string]string {
	return map[string]string{
		v1.NodePoolLabelKey: "pool", v1.CapacityTypeLabelKey: "spot", corev1.LabelTopologyZone: "zone-a",
	}
}

func nodeClaims(t *testing.T) (*metrics.NodeClaims, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m, err := metrics.NewNodeClaims(registry)
	if err != nil {
		t.Fatal(err)
	}
	return m, registry
}

func expect(t *testing.T, registry *prometheus.Registry, samples ...string) {
	t.Helper()
	text := collect(t, registry)
	for _, s := range samples {
		if !strings.Contains(text, s+"\n") {
			t.Errorf("no sample %s in\n%s", s, text)
		}
	}
}

// OPS-105
func TestRepaired(t *testing.T) {
	for condition, label := range map[corev1.NodeConditionType]string{
		"Ready": "ready", "AcceleratedHardwareReady": "accelerated_hardware_ready", "example.com/DNSReady": "example_com_dns_ready",
	} {
		t.Run(label, func(t *testing.T) {
			m, registry := nodeClaims(t)
			nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: labels()}, Status: v1.NodeClaimStatus{ImageID: "image-1"}}
			m.Repaired(nodeClaim, condition)
			expect(t, registry, `karpenter_nodeclaims_unhealthy_disrupted_total{capacity_type="spot",condition="`+label+`",image_id="image-1",nodepool="pool"} 1`)
		})
	}
}

// OPS-103, OPS-104, LIF-113
func TestDisrupted(t *testing.T) {
	tests := []struct {
		name   string
		reason metrics.Reason
		grace  v1.Duration
		mode   string
		pods   bool
	}{
		{"no grace period is graceful", metrics.Expired, "", "graceful", true},
		{"a grace period of nothing is forceful", metrics.GarbageCollected, "0s", "forceful", true},
		{"a grace period is eventual", metrics.Drifted, "1m", "eventual", true},
		{"nothing runs on what was not launched", metrics.InsufficientCapacity, "", "graceful", false},
		{"nor on what did not register", metrics.RegistrationTimeout, "", "graceful", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, registry := nodeClaims(t)
			nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: labels()}}
			nodeClaim.Spec.TerminationGracePeriod = tt.grace
			m.Disrupted(metrics.Disruption{NodeClaim: nodeClaim, Reason: tt.reason, Pods: 3})
			series := `{capacity_type="spot",consolidation_policy="",nodepool="pool",reason="` +
				string(tt.reason) + `",termination_mode="` + tt.mode + `"}`
			expect(t, registry, "karpenter_nodeclaims_disrupted_total"+series+" 1")
			pods := "karpenter_pods_disruption_initiated_total"
			if !tt.pods {
				if n, _ := testutil.GatherAndCount(registry, pods); n != 0 {
					t.Error("pods were counted")
				}
				return
			}
			expect(t, registry, pods+series+" 3")
		})
	}
}

// OPS-102, OPS-106, OPS-107
func TestNodeClaimTerminated(t *testing.T) {
	m, registry := nodeClaims(t)
	nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: labels()}}
	m.Terminated(nodeClaim, 3*time.Second)
	m.InstanceTerminated(nodeClaim, 700*time.Second)
	expect(t, registry, `karpenter_nodeclaims_terminated_total{capacity_type="spot",nodepool="pool",zone="zone-a"} 1`,
		`karpenter_nodeclaims_termination_duration_seconds_bucket{nodepool="pool",le="2"} 0`,
		`karpenter_nodeclaims_termination_duration_seconds_bucket{nodepool="pool",le="4"} 1`,
		`karpenter_nodeclaims_termination_duration_seconds_bucket{nodepool="pool",le="2048"} 1`,
		`karpenter_nodeclaims_instance_termination_duration_seconds_bucket{nodepool="pool",le="1024"} 1`,
		`karpenter_nodeclaims_instance_termination_duration_seconds_sum{nodepool="pool"} 700`)
	for _, beyond := range []string{
		`karpenter_nodeclaims_termination_duration_seconds_bucket{nodepool="pool",le="4096"}`,
		`karpenter_nodeclaims_instance_termination_duration_seconds_bucket{nodepool="pool",le="2048"}`,
	} {
		if strings.Contains(collect(t, registry), beyond) {
			t.Errorf("bucket %s is one too many", beyond)
		}
	}
}

// OPS-108..114
func TestNodes(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m, err := metrics.NewNodes(registry)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(10_000, 0)
	deleted := metav1.NewTime(now.Add(-10 * time.Second))
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Labels: labels(), CreationTimestamp: metav1.NewTime(now.Add(-1000 * time.Second)), DeletionTimestamp: &deleted,
	}}
	m.Created(node)
	m.Drained(node)
	m.Terminated(node, now)
	m.EvictionAnswered(200)
	m.EvictionAnswered(429)
	m.PodDrained("Drifted")
	expect(t, registry, `karpenter_nodes_created_total{nodepool="pool",zone="zone-a"} 1`,
		`karpenter_nodes_drained_total{nodepool="pool"} 1`,
		`karpenter_nodes_terminated_total{nodepool="pool",zone="zone-a"} 1`,
		`karpenter_nodes_termination_duration_seconds{nodepool="pool",quantile="0.99"} 10`,
		`karpenter_nodes_lifetime_duration_seconds_bucket{nodepool="pool",le="900"} 0`,
		`karpenter_nodes_lifetime_duration_seconds_bucket{nodepool="pool",le="1800"} 1`,
		`karpenter_pods_eviction_requests_total{code="200"} 1`,
		`karpenter_pods_eviction_requests_total{code="429"} 1`,
		`karpenter_pods_drained_total{reason="Drifted"} 1`)
}

func TestRegistersOnce(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	if _, err := metrics.NewNodes(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.NewNodes(registry); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

// OPS-085: what an alert watches exists before it grows, and grows from there.
func TestExpected(t *testing.T) {
	claims, registry := nodeClaims(t)
	nodes, err := metrics.NewNodes(registry)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, registry,
		`karpenter_nodeclaims_terminated_total{capacity_type="",nodepool="",zone=""} 0`,
		`karpenter_nodeclaims_disrupted_total{capacity_type="",consolidation_policy="",nodepool="",reason="expired",termination_mode="graceful"} 0`,
		`karpenter_nodeclaims_disrupted_total{capacity_type="",consolidation_policy="",nodepool="",reason="initialization_timeout",termination_mode="graceful"} 0`,
		`karpenter_nodes_terminated_total{nodepool="",zone=""} 0`,
		`karpenter_nodes_drained_total{nodepool=""} 0`,
	)
	nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: labels(), DeletionTimestamp: &metav1.Time{}}}
	for range 2 {
		claims.Expect(nodeClaim)
		nodes.Expect("pool", "zone-a")
	}
	expect(t, registry,
		`karpenter_nodeclaims_terminated_total{capacity_type="spot",nodepool="pool",zone="zone-a"} 0`,
		`karpenter_nodeclaims_disrupted_total{capacity_type="spot",consolidation_policy="when_empty",nodepool="pool",reason="empty",termination_mode="graceful"} 0`,
		`karpenter_nodeclaims_disrupted_total{capacity_type="spot",consolidation_policy="",nodepool="pool",reason="garbage_collected",termination_mode="graceful"} 0`,
		`karpenter_nodes_created_total{nodepool="pool",zone="zone-a"} 0`,
	)
	claims.Terminated(nodeClaim, time.Second)
	claims.Expect(nodeClaim)
	expect(t, registry, `karpenter_nodeclaims_terminated_total{capacity_type="spot",nodepool="pool",zone="zone-a"} 1`)
}
