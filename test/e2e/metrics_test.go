// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"karpenter.sh/test/internal/objects"
)

// series is a metric that dashboards and alerts rely on.
type series struct {
	id, name, kind string
	labels         []string
}

// nodeLabels are those of the gauges of single nodes: the core's well-known
// labels and the kwok provider's (OPS-115).
func nodeLabels(more ...string) []string {
	return append([]string{
		"arch", "capacity_type", "instance_cpu", "instance_family", "instance_memory", "instance_size", "instance_type",
		"managed", "node_name", "nodepool", "os", "phase", "region", "reservation_id", "windows_build", "zone",
	}, more...)
}

// expected exist after a scale-out and the termination of a node.
func expected() []series {
	disrupted := []string{"capacity_type", "consolidation_policy", "nodepool", "reason", "termination_mode"}
	return []series{
		{"OPS-090", "karpenter_build_info", "gauge", []string{"commit", "goarch", "goversion", "version"}},
		{"OPS-091", "karpenter_scheduler_scheduling_duration_seconds", "histogram", []string{"controller"}},
		{"OPS-094", "karpenter_scheduler_ignored_pods_count", "gauge", nil},
		{"OPS-095", "karpenter_scheduler_unschedulable_pods_count", "gauge", []string{"controller"}},
		{"OPS-098", "karpenter_cluster_state_node_count", "gauge", nil},
		{"OPS-099", "karpenter_cluster_state_synced", "gauge", nil},
		{"OPS-101", "karpenter_nodeclaims_created_total", "counter", []string{"min_values_relaxed", "nodepool", "reason"}},
		{"OPS-102", "karpenter_nodeclaims_terminated_total", "counter", []string{"capacity_type", "nodepool", "zone"}},
		{"OPS-103", "karpenter_nodeclaims_disrupted_total", "counter", disrupted},
		{"OPS-107", "karpenter_nodeclaims_termination_duration_seconds", "histogram", []string{"nodepool"}},
		{"OPS-108", "karpenter_nodes_created_total", "counter", []string{"nodepool", "zone"}},
		{"OPS-109", "karpenter_nodes_terminated_total", "counter", []string{"nodepool", "zone"}},
		{"OPS-110", "karpenter_nodes_termination_duration_seconds", "summary", []string{"nodepool"}},
		{"OPS-111", "karpenter_nodes_lifetime_duration_seconds", "histogram", []string{"nodepool"}},
		{"OPS-112", "karpenter_nodes_drained_total", "counter", []string{"nodepool"}},
		{"OPS-113", "karpenter_pods_eviction_requests_total", "counter", []string{"code"}},
		{"OPS-114", "karpenter_pods_drained_total", "counter", []string{"reason"}},
		{"OPS-117", "karpenter_nodes_allocatable", "gauge", nodeLabels("resource_type")},
		{"OPS-118", "karpenter_nodes_total_pod_requests", "gauge", nodeLabels("resource_type")},
		{"OPS-123", "karpenter_nodes_current_lifetime_seconds", "gauge", nodeLabels()},
		{"OPS-124", "karpenter_cluster_utilization_percent", "gauge", []string{"resource_type"}},
		{"OPS-125", "karpenter_nodepools_usage", "gauge", []string{"nodepool", "resource_type"}},
		{"OPS-126", "karpenter_nodepools_limit", "gauge", []string{"nodepool", "resource_type"}},
		{"OPS-127", "karpenter_nodepools_cost_total", "gauge", []string{"nodepool"}},
		{"OPS-128", "karpenter_pods_state", "gauge", []string{
			"arch", "capacity_type", "instance_type", "managed", "name", "namespace", "node", "nodepool", "owner", "phase", "ready", "scheduled", "zone",
		}},
		{"OPS-131", "karpenter_pods_startup_duration_seconds", "summary", nil},
		{"OPS-133", "karpenter_pods_bound_duration_seconds", "histogram", nil},
		{"OPS-147", "karpenter_cloudprovider_duration_seconds", "histogram", []string{"controller", "method", "provider"}},
		{"OPS-148", "karpenter_cloudprovider_errors_total", "counter", []string{"controller", "error", "method", "provider"}},
		{"OPS-157", "controller_runtime_reconcile_total", "counter", []string{"controller", "result"}},
		{"OPS-160", "controller_runtime_max_concurrent_reconciles", "gauge", []string{"controller"}},
		{"OPS-163", "leader_election_master_status", "gauge", []string{"name"}},
		{"OPS-164", "process_resident_memory_bytes", "gauge", nil},
		{"OPS-164", "process_cpu_seconds_total", "counter", nil},
	}
}

var _ = Describe("Metrics", func() {
	// OPS-065 and the IDs of the rows.
	It("have the names, types and labels that dashboards rely on", SpecPriority(1), func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", limit("cpu", "1000"), consolidate("0s", "100%"))
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		node := &env.EventuallySettled(ctx, pool)[0]
		Expect(env.Delete(ctx, node)).To(Succeed()) // pods are evicted,
		env.EventuallyGone(ctx, node)
		env.EventuallyRunning(ctx, w)
		env.Scale(ctx, w, 0) // and a node is disrupted
		env.EventuallyNodes(ctx, pool, 0)

		env.Eventually(ctx, func(g Gomega) {
			snapshot, err := env.Metrics(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			var wrong []string
			for _, want := range expected() {
				if kind := snapshot.Type(want.name); kind != want.kind {
					wrong = append(wrong, want.id+" "+want.name+" is of type "+kind+", not "+want.kind)
				} else if labels := snapshot.LabelNames(want.name); len(want.labels)+len(labels) > 0 {
					if ok, _ := ConsistOf(want.labels).Match(labels); !ok {
						wrong = append(wrong, want.id+" "+want.name+" has labels "+quote(labels)+", not "+quote(want.labels))
					}
				}
			}
			g.Expect(wrong).To(BeEmpty())
		})
	})

	// OPS-101, OPS-108, OPS-085: one effect, one count.
	It("count each node once", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 4, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		snapshot, err := env.Metrics(ctx)
		Expect(err).NotTo(HaveOccurred())
		for _, name := range []string{"karpenter_nodeclaims_created_total", "karpenter_nodes_created_total"} {
			count, _ := snapshot.Sum(name, map[string]string{"nodepool": pool.Name})
			Expect(count).To(BeEquivalentTo(4), name)
		}
	})
})
