// SPDX-License-Identifier: Apache-2.0

package families

// scheduling is what is planned, and the model that it is planned from.
func scheduling() Group {
	simulation := []string{"controller", "scheduling_id"}
	return Group{Title: "Scheduling and cluster state", Families: []Family{
		// OPS-091
		{Name: "karpenter_scheduler_scheduling_duration_seconds", Type: Histogram, Labels: simulation[:1], Buckets: Durations(), Stage: Stable,
			Help: "Duration of scheduling simulations, by the controller that asked."},
		// OPS-092
		{Name: "karpenter_scheduler_queue_depth", Type: Gauge, Labels: simulation, Stage: Beta,
			Help: "Pods of the running scheduling simulation, 0 once it has ended."},
		// OPS-093
		{Name: "karpenter_scheduler_unfinished_work_seconds", Type: Gauge, Labels: simulation, Stage: Alpha,
			Help: "Elapsed time of the running scheduling simulation."},
		// OPS-094
		{Name: "karpenter_scheduler_ignored_pods_count", Type: Gauge, Stage: Alpha, Always: true,
			Help: "Pods that validation rejected in the last round."},
		// OPS-095
		{Name: "karpenter_scheduler_unschedulable_pods_count", Type: Gauge, Labels: simulation[:1], Stage: Alpha,
			Help: "Pods without a place after the last simulation."},
		// OPS-096
		{Name: "karpenter_scheduler_pending_pods_by_effective_zone_count", Type: Gauge, Labels: []string{"controller", "zone"}, Stage: Alpha,
			Help: "Pending pods by the zone that their constraints leave: its name, flexible or none."},
		// OPS-097
		{Name: "karpenter_pods_scheduling_decision_duration_seconds", Type: Histogram, Buckets: Durations(), Stage: Alpha, Always: true,
			Help: "Time from when a pod was first seen pending until the first decision about it."},
		// OPS-098
		{Name: "karpenter_cluster_state_node_count", Type: Gauge, Stage: Stable, Always: true,
			Help: "Nodes in cluster state."},
		// OPS-099
		{Name: "karpenter_cluster_state_synced", Type: Gauge, Stage: Stable, Always: true,
			Help: "Whether cluster state is synced: 1 if it is, else 0."},
		// OPS-100
		{Name: "karpenter_cluster_state_unsynced_time_seconds", Type: Gauge, Stage: Stable, Always: true,
			Help: "Time since cluster state ceased to be synced, 0 while it is."},
	}}
}
