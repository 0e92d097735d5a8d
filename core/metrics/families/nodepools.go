// SPDX-License-Identifier: Apache-2.0

package families

// nodePools is what pools use, may use, cost and let go.
func nodePools() Group {
	pool, reason := []string{"nodepool"}, []string{"nodepool", "reason"}
	return Group{Title: "NodePools", Families: []Family{
		// OPS-125
		{Name: "karpenter_nodepools_usage", Type: Gauge, Labels: []string{labelResourceType, "nodepool"}, Stage: Alpha, Needs: NeedsState,
			Help: "Resources of the nodes of a nodepool."},
		// OPS-126
		{Name: "karpenter_nodepools_limit", Type: Gauge, Labels: []string{labelResourceType, "nodepool"}, Stage: Alpha, Needs: NeedsState,
			Help: "Limits of a nodepool."},
		// OPS-127
		{Name: "karpenter_nodepools_cost_total", Type: Gauge, Labels: pool, Stage: Alpha, Needs: NeedsState,
			Help: "Sum of the prices of the nodeclaims of a nodepool, per hour in the provider's currency."},
		// OPS-149
		{Name: "karpenter_nodepools_cost_tracker_errors_total", Type: Counter, Labels: pool, Stage: Alpha,
			Help: "Failures to keep up the cost of a nodepool's nodeclaims."},
		// OPS-143
		{Name: "karpenter_nodepools_allowed_disruptions", Type: Gauge, Labels: reason, Stage: Alpha,
			Help: "Nodes that the budgets of a nodepool allow to be disrupted at a time, by reason."},
		// OPS-144
		{Name: "karpenter_nodepools_nodes_consuming_budgets", Type: Gauge, Labels: reason, Stage: Alpha,
			Help: "Nodes of a nodepool that are not ready or are being disrupted, by reason."},
		// DIS-113
		{Name: "karpenter_nodepools_drift_backoff_seconds", Type: Gauge, Labels: pool, Stage: Alpha,
			Help: "How much longer the drifted nodes of a nodepool are left alone, 0 if they are not."},
	}}
}
