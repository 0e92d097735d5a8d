// SPDX-License-Identifier: Apache-2.0

package families

import "github.com/prometheus/client_golang/prometheus"

// Libraries lists what libraries show by themselves and users may rely on (section 5.9
// of the chapter on operations). Beside these there are the metrics of the Go runtime,
// go_*, which change with its version.
func Libraries() []Group { return []Group{requests(), controllers(), queues(), runtime()} }

// requests are those to the Kubernetes API.
func requests() Group {
	return Group{Title: "Requests to the Kubernetes API", Families: []Family{
		// OPS-155
		{Name: "client_go_request_duration_seconds", Type: Histogram, Labels: []string{"verb", "group", "version", "kind", "subresource"},
			Buckets: prometheus.ExponentialBuckets(0.001, 1.5, 20), Stage: Stable, Always: true,
			Help: "Duration of requests to the Kubernetes API."},
		// OPS-156
		{Name: "client_go_request_total", Type: Counter, Labels: []string{"code", "method"}, Stage: Stable, Always: true,
			Help: "Requests to the Kubernetes API, by HTTP status code and method."},
	}}
}

// controllers are how reconciliations go.
func controllers() Group {
	const prefix = "controller_runtime_"
	of := func(kind Type, name, help string) Family {
		return Family{Name: prefix + name, Type: kind, Labels: []string{"controller"}, Stage: Stable, Always: true, Help: help}
	}
	duration := of(Histogram, "reconcile_time_seconds", "Duration of reconciliations.")
	duration.Buckets = durationsTo(60)
	total := of(Counter, "reconcile_total", "Reconciliations, by result: success, error, requeue or requeue_after.")
	total.Labels = append(total.Labels, "result")
	return Group{Title: "Controllers", Families: []Family{
		total, // OPS-157
		// OPS-158
		of(Counter, "reconcile_errors_total", "Reconciliations that failed."),
		of(Counter, "terminal_reconcile_errors_total", "Reconciliations that failed and are not tried again."),
		of(Counter, "reconcile_panics_total", "Reconciliations that panicked."),
		of(Counter, "reconcile_timeouts_total", "Reconciliations that ran out of time."),
		duration, // OPS-159
		// OPS-160
		of(Gauge, "max_concurrent_reconciles", "Most reconciliations that run side by side."),
		of(Gauge, "active_workers", "Reconciliations that run."),
	}}
}

// durationsTo are Durations up to a bound.
func durationsTo(most float64) []float64 {
	var out []float64
	for _, bound := range Durations() {
		if bound <= most {
			out = append(out, bound)
		}
	}
	return out
}

// queues are the work queues of controllers.
func queues() Group {
	of := func(kind Type, name, help string) Family {
		return Family{Name: "workqueue_" + name, Type: kind, Labels: []string{"name", "controller"}, Stage: Stable, Always: true, Help: help}
	}
	depth := of(Gauge, "depth", "Objects that wait for their reconciliation, by priority.")
	depth.Labels = append(depth.Labels, "priority")
	waiting, working := of(Histogram, "queue_duration_seconds", "How long objects waited for their reconciliation."),
		of(Histogram, "work_duration_seconds", "How long reconciliations took.")
	waiting.Buckets = prometheus.ExponentialBuckets(10e-9, 10, 12)
	working.Buckets = waiting.Buckets
	return Group{Title: "Work queues", Families: []Family{
		depth, // OPS-161
		// OPS-162
		of(Counter, "adds_total", "Objects that were put into the queue."),
		of(Counter, "retries_total", "Objects that were put back into the queue."),
		waiting, working,
		of(Gauge, "unfinished_work_seconds", "How long the reconciliations that run have been running, together."),
		of(Gauge, "longest_running_processor_seconds", "How long the oldest reconciliation that runs has been running."),
	}}
}

// runtime is the process.
func runtime() Group {
	of := func(kind Type, name, help string) Family {
		return Family{Name: "process_" + name, Type: kind, Stage: Stable, Always: true, Help: help}
	}
	return Group{Title: "Process, as the operating system sees it", Families: []Family{
		// OPS-163
		{Name: "leader_election_master_status", Type: Gauge, Labels: []string{"name"}, Stage: Stable,
			Help: "Whether this replica leads: 1 if it does, 0 if not."},
		// OPS-164
		of(Counter, "cpu_seconds_total", "Processor time spent."),
		of(Gauge, "resident_memory_bytes", "Resident memory."),
		of(Gauge, "virtual_memory_bytes", "Virtual memory."),
		of(Gauge, "start_time_seconds", "When the process started, in seconds since 1970."),
		of(Gauge, "open_fds", "Open file descriptors."),
		of(Gauge, "max_fds", "Most file descriptors that may be open."),
	}}
}
