// SPDX-License-Identifier: Apache-2.0

package families

// disruption is what is given up by decision.
func disruption() Group {
	const prefix = "karpenter_voluntary_disruption_"
	method := []string{"reason", "consolidation_type"}
	decision := []string{"decision", "reason", "consolidation_type"}
	move := []string{"decision", "nodepool", "policy"}
	return Group{Title: "Voluntary disruption", Families: []Family{
		// OPS-136
		{Name: prefix + "decision_evaluation_duration_seconds", Type: Histogram, Labels: method, Buckets: Durations(), Stage: Beta,
			Help: "Time that the evaluation of a method took, with the wait for its validation."},
		// OPS-137
		{Name: prefix + "decisions_total", Type: Counter, Labels: decision, Stage: Stable, Always: true,
			Help: "Commands started, by decision, reason and consolidation type."},
		// OPS-138
		{Name: prefix + "decisions_by_nodepool_total", Type: Counter, Labels: append([]string{"nodepool"}, decision...), Stage: Alpha, Always: true,
			Help: "Commands started, once for each nodepool of their nodes."},
		// OPS-139
		{Name: prefix + "eligible_nodes", Type: Gauge, Labels: method[:1], Stage: Beta,
			Help: "Nodes that a method would disrupt if budgets allowed, by reason."},
		// OPS-140
		{Name: prefix + "consolidation_timeouts_total", Type: Counter, Labels: method[1:], Stage: Beta, Always: true,
			Help: "Evaluations of consolidation that ran out of time; there are none, since the search is bounded in steps."},
		// OPS-141
		{Name: prefix + "failed_validations_total", Type: Counter, Labels: method[1:], Stage: Alpha, Always: true,
			Help: "Nodes dropped from commands by their validation, by consolidation type."},
		// OPS-142
		{Name: prefix + "queue_failures_total", Type: Counter, Labels: decision, Stage: Beta, Always: true,
			Help: "Replacements that were never initialized of commands that failed, by decision, reason and consolidation type."},
		// OPS-294
		{Name: prefix + "command_savings_per_hour", Type: Histogram, Labels: method, Stage: Alpha,
			Buckets: []float64{-10, -1, -0.1, 0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100},
			Help:    "What commands that were started save, in the currency of the prices per hour."},
		// OPS-295
		{Name: prefix + "command_payback_seconds", Type: Histogram, Labels: method, Stage: Alpha,
			Buckets: []float64{30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 86400},
			Help:    "How long it takes until commands that were started have saved what they cost; none for those that never do."},
		// OPS-145
		{Name: "karpenter_consolidation_moves_total", Type: Counter, Labels: move, Stage: Alpha,
			Help: "Commands of consolidation that were decided on, once for each nodepool of their nodes."},
		// OPS-146
		{Name: "karpenter_consolidation_score", Type: Histogram, Labels: move, Stage: Alpha,
			Buckets: []float64{0.1, 0.25, 0.33, 0.5, 1, 2, 5, 10},
			Help:    "Scores of commands to nodepools that balance savings and disruption."},
		// DIS-113
		{Name: prefix + "drift_backoffs_total", Type: Counter, Labels: []string{"nodepool"}, Stage: Alpha,
			Help: "Times that the drifted nodes of a nodepool were left alone because commands failed."},
	}}
}
