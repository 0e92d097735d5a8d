// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/reference"
)

// signals is the reference of what is shown.
const signals = "../../core/docs/reference/signals.json"

// whileRunning exist, beside what always does, while pods run on nodes.
func whileRunning() []string {
	return []string{
		"karpenter_scheduler_scheduling_duration_seconds",        // OPS-091
		"karpenter_nodeclaims_created_total",                     // OPS-101
		"karpenter_nodes_allocatable",                            // OPS-117
		"karpenter_nodes_total_pod_requests",                     // OPS-118
		"karpenter_nodes_current_lifetime_seconds",               // OPS-123
		"karpenter_cluster_utilization_percent",                  // OPS-124
		"karpenter_nodepools_usage",                              // OPS-125
		"karpenter_nodepools_limit",                              // OPS-126
		"karpenter_nodepools_cost_total",                         // OPS-127
		"karpenter_pods_state",                                   // OPS-128
		"karpenter_cloudprovider_duration_seconds",               // OPS-147
		"operator_nodeclaim_status_condition_transition_seconds", // OPS-150
		"leader_election_master_status",                          // OPS-163
	}
}

// afterwards exist as well, once nodes were terminated and disrupted.
func afterwards() []string {
	return []string{
		"karpenter_nodeclaims_termination_duration_seconds",       // OPS-107
		"karpenter_nodes_termination_duration_seconds",            // OPS-110
		"karpenter_nodes_lifetime_duration_seconds",               // OPS-111
		"karpenter_pods_eviction_requests_total",                  // OPS-113
		"karpenter_pods_drained_total",                            // OPS-114
		"karpenter_voluntary_disruption_eligible_nodes",           // OPS-139
		"karpenter_voluntary_disruption_command_savings_per_hour", // OPS-294
		"operator_node_termination_duration_seconds",              // OPS-153
	}
}

// eventuallyShown waits until metrics are shown.
func eventuallyShown(ctx context.Context, names []string) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) {
		snapshot, err := env.Metrics(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		var missing []string
		for _, name := range names {
			if snapshot.Type(name) == "" {
				missing = append(missing, name)
			}
		}
		g.Expect(missing).To(BeEmpty())
	})
}

// expectDocumented compares what Karpenter shows and has told with the reference
// (OPS-285).
func expectDocumented(ctx context.Context) {
	GinkgoHelper()
	documented, err := reference.Load(signals, "karpenter-kwok")
	Expect(err).NotTo(HaveOccurred())
	env.ExpectDocumented(ctx, documented)
}

var _ = Describe("Metrics", func() {
	// OPS-065, OPS-285 and the IDs of the names.
	It("are those of the reference, with their types and labels", SpecPriority(1), func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", limit("cpu", "1000"), consolidate("0s", "100%"))
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		node := &env.EventuallySettled(ctx, pool)[0]
		eventuallyShown(ctx, whileRunning())
		Expect(env.Delete(ctx, node)).To(Succeed()) // pods are evicted,
		env.EventuallyGone(ctx, node)
		env.EventuallyRunning(ctx, w)
		env.Scale(ctx, w, 0) // and a node is disrupted
		env.EventuallyNodes(ctx, pool, 0)

		eventuallyShown(ctx, afterwards())
		expectDocumented(ctx)
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
