// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/metrics"
)

// waited is how long pods waited, once for each pod that was seen pending.
type waited struct {
	startup                                       prometheus.Summary
	bound, provisioningStartup, provisioningBound prometheus.Histogram
}

func newWaited() waited {
	histogram := func(name, help string) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: metrics.DurationBuckets()})
	}
	return waited{
		startup: prometheus.NewSummary(prometheus.SummaryOpts{ // OPS-131
			Name: "karpenter_pods_startup_duration_seconds", Help: "Time from the creation of a pod until it is ready.",
			Objectives: metrics.SummaryObjectives(),
		}),
		bound: histogram("karpenter_pods_bound_duration_seconds", // OPS-133
			"Time from the creation of a pod until it is bound."),
		provisioningStartup: histogram("karpenter_pods_provisioning_startup_duration_seconds", // OPS-134
			"Time from when a place was found for a pod until it is ready."),
		provisioningBound: histogram("karpenter_pods_provisioning_bound_duration_seconds", // OPS-134
			"Time from when a place was found for a pod until it is bound."),
	}
}

func (w waited) durations() []prometheus.Collector {
	return []prometheus.Collector{w.startup, w.bound, w.provisioningStartup, w.provisioningBound}
}

// settle observes what the pod has waited for long enough, and returns it with
// what is left to wait for.
func (w waited) settle(p pod, d cluster.Decision) pod {
	if p.binding && p.phase != corev1.PodPending {
		p.binding = false
		if !p.scheduled.IsZero() {
			w.bound.Observe(elapsed(p.created, p.scheduled))
			if !d.Schedulable.IsZero() {
				w.provisioningBound.Observe(elapsed(d.Schedulable, p.scheduled))
			}
		}
	}
	if p.starting && !p.ready.IsZero() {
		p.starting = false
		w.startup.Observe(elapsed(p.created, p.ready))
		if !d.Schedulable.IsZero() {
			w.provisioningStartup.Observe(elapsed(d.Schedulable, p.ready))
		}
	}
	p.starting = p.starting && !p.terminal()
	return p
}
