// SPDX-License-Identifier: Apache-2.0

package families

// nodes is what happens to nodes.
func nodes() Group {
	pool, zone := []string{"nodepool"}, []string{"nodepool", "zone"}
	return Group{Title: "Nodes", Families: []Family{
		// OPS-108
		{Name: "karpenter_nodes_created_total", Type: Counter, Labels: zone, Stage: Stable, Always: true,
			Help: "Nodes registered, by owning nodepool and zone."},
		// OPS-109
		{Name: "karpenter_nodes_terminated_total", Type: Counter, Labels: zone, Stage: Stable, Always: true,
			Help: "Nodes terminated, by owning nodepool and zone."},
		// OPS-110
		{Name: "karpenter_nodes_termination_duration_seconds", Type: Summary, Labels: pool, Quantiles: quantiles(), Stage: Beta,
			Help: "Time from the deletion of a node until its finalizer is removed."},
		// OPS-111
		{Name: "karpenter_nodes_lifetime_duration_seconds", Type: Histogram, Labels: pool, Buckets: lifetimes(), Stage: Alpha,
			Help: "Age of nodes when their finalizer is removed."},
		// OPS-112
		{Name: "karpenter_nodes_drained_total", Type: Counter, Labels: pool, Stage: Alpha, Always: true,
			Help: "Nodes drained, by owning nodepool."},
		// OPS-113
		{Name: "karpenter_pods_eviction_requests_total", Type: Counter, Labels: []string{"code"}, Stage: Alpha,
			Help: "Eviction requests, by HTTP status code of the answer."},
		// OPS-114
		{Name: "karpenter_pods_drained_total", Type: Counter, Labels: []string{"reason"}, Stage: Alpha,
			Help: "Pods evicted or deleted from terminating nodes, by reason of the termination."},
		// OPS-124
		{Name: "karpenter_cluster_utilization_percent", Type: Gauge, Labels: []string{"resource_type"}, Stage: Alpha, Needs: NeedsState,
			Help: "Share of the allocatable resources of all nodes that pods request."},
	}}
}
