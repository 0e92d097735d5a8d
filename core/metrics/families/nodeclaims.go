// SPDX-License-Identifier: Apache-2.0

package families

import "github.com/prometheus/client_golang/prometheus"

// nodeClaims is what happens to NodeClaims.
func nodeClaims() Group {
	disruption := []string{"reason", "nodepool", "capacity_type", "consolidation_policy", "termination_mode"}
	return Group{Title: "NodeClaims", Families: []Family{
		// OPS-101
		{Name: "karpenter_nodeclaims_created_total", Type: Counter, Labels: []string{"reason", "nodepool", "min_values_relaxed"}, Stage: Stable,
			Help: "NodeClaims created, by reason, nodepool and whether minValues were relaxed."},
		// OPS-102
		{Name: "karpenter_nodeclaims_terminated_total", Type: Counter, Labels: []string{"nodepool", "capacity_type", "zone"}, Stage: Stable, Always: true,
			Help: "NodeClaims terminated, by owning nodepool, capacity type and zone."},
		// OPS-103
		{Name: "karpenter_nodeclaims_disrupted_total", Type: Counter, Labels: disruption, Stage: Alpha, Always: true,
			Help: "NodeClaims that Karpenter deleted, by reason, nodepool, capacity type, consolidation policy and termination mode."},
		// OPS-104
		{Name: "karpenter_pods_disruption_initiated_total", Type: Counter, Labels: disruption, Stage: Alpha,
			Help: "Pods to be rescheduled from NodeClaims that Karpenter deleted, labelled as those."},
		// OPS-105
		{Name: "karpenter_nodeclaims_unhealthy_disrupted_total", Type: Counter, Labels: []string{"condition", "nodepool", "capacity_type", "image_id"}, Stage: Alpha,
			Help: "NodeClaims that node repair deleted, by the condition of the node, nodepool, capacity type and image."},
		// OPS-106
		{Name: "karpenter_nodeclaims_instance_termination_duration_seconds", Type: Histogram, Labels: []string{"nodepool"},
			Buckets: prometheus.ExponentialBuckets(1, 2, 11), Stage: Beta,
			Help: "Time from the acceptance of an instance's termination until the instance is gone."},
		// OPS-107
		{Name: "karpenter_nodeclaims_termination_duration_seconds", Type: Histogram, Labels: []string{"nodepool"},
			Buckets: prometheus.ExponentialBuckets(1, 2, 12), Stage: Beta,
			Help: "Time from the deletion of a NodeClaim until it is gone."},
	}}
}
