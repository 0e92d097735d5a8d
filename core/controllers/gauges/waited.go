// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/metrics/families"
)

// waited is how long pods waited, once for each pod that was seen pending.
type waited struct {
	startup, bound, provisioningStartup, provisioningBound prometheus.Observer
}

func newWaited(r *families.Registry) (waited, error) {
	startup := r.Summary("karpenter_pods_startup_duration_seconds")
	bound := r.Histogram("karpenter_pods_bound_duration_seconds")
	provisioningStartup := r.Histogram("karpenter_pods_provisioning_startup_duration_seconds")
	provisioningBound := r.Histogram("karpenter_pods_provisioning_bound_duration_seconds")
	if err := r.Err(); err != nil {
		return waited{}, err
	}
	return waited{
		startup: startup.WithLabelValues(), bound: bound.WithLabelValues(),
		provisioningStartup: provisioningStartup.WithLabelValues(), provisioningBound: provisioningBound.WithLabelValues(),
	}, nil
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
