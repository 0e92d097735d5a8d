// SPDX-License-Identifier: Apache-2.0

package families

// pods is what pods wait for and how long.
func pods() Group {
	waiting := func(name, help string) Family {
		return Family{Name: name, Type: Gauge, Labels: []string{"name", "namespace"}, Stage: Alpha, Needs: NeedsState, Help: help}
	}
	waited := func(name, help string) Family {
		return Family{Name: name, Type: Histogram, Buckets: Durations(), Stage: Alpha, Always: true, Needs: NeedsState, Help: help}
	}
	return Group{Title: "Pods", Families: []Family{
		// OPS-128
		{Name: "karpenter_pods_state", Type: Gauge, Stage: Beta, Needs: NeedsState, Labels: []string{
			"name", "namespace", "owner", "node", "scheduled", "nodepool", "zone", "arch", "capacity_type", "instance_type",
			"phase", "ready", labelManaged,
		}, Help: "1 for every pod, with what is known of it."},
		// OPS-130
		waiting("karpenter_pods_unstarted_time_seconds",
			"Time since the creation of a pod that was seen pending and is not ready yet."),
		// OPS-131
		{Name: "karpenter_pods_startup_duration_seconds", Type: Summary, Quantiles: quantiles(), Stage: Stable, Always: true, Needs: NeedsState,
			Help: "Time from the creation of a pod until it is ready."},
		// OPS-132
		waiting("karpenter_pods_unbound_time_seconds",
			"Time from the creation of a pending pod until it is bound."),
		// OPS-133
		waited("karpenter_pods_bound_duration_seconds",
			"Time from the creation of a pod until it is bound."),
		// OPS-134
		waiting("karpenter_pods_provisioning_unstarted_time_seconds",
			"Time since a place was found for a pod that was seen pending and is not ready yet."),
		waiting("karpenter_pods_provisioning_unbound_time_seconds",
			"Time from when a place was found for a pending pod until it is bound."),
		waited("karpenter_pods_provisioning_startup_duration_seconds",
			"Time from when a place was found for a pod until it is ready."),
		waited("karpenter_pods_provisioning_bound_duration_seconds",
			"Time from when a place was found for a pod until it is bound."),
		// OPS-135
		waiting("karpenter_pods_provisioning_scheduling_undecided_time_seconds",
			"Time since a pod was first seen that nothing has been decided about yet."),
	}}
}
