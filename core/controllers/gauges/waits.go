// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/metrics/families"
)

// waits are the gauges of pods that wait. Those of provisioning measure from
// when Karpenter found a place for the pod (OPS-129).
type waits struct {
	unstarted, unbound, provisioningUnstarted, provisioningUnbound, undecided *prometheus.Desc
}

func newWaits(r *families.Registry) waits {
	return waits{
		unstarted:             r.Desc("karpenter_pods_unstarted_time_seconds"),
		unbound:               r.Desc("karpenter_pods_unbound_time_seconds"),
		provisioningUnstarted: r.Desc("karpenter_pods_provisioning_unstarted_time_seconds"),
		provisioningUnbound:   r.Desc("karpenter_pods_provisioning_unbound_time_seconds"),
		undecided:             r.Desc("karpenter_pods_provisioning_scheduling_undecided_time_seconds"),
	}
}

func (w waits) describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{w.unstarted, w.unbound, w.provisioningUnstarted, w.provisioningUnbound, w.undecided} {
		to <- desc
	}
}

// waiting is a pod that waits, with what was decided about it.
type waiting struct {
	pod
	key      types.NamespacedName
	decision cluster.Decision
	now      time.Time
}

func (w waits) collect(to chan<- prometheus.Metric, p waiting) {
	if p.starting {
		p.emit(to, w.unstarted, p.created, p.now)
		p.emit(to, w.provisioningUnstarted, p.decision.Schedulable, p.now)
	}
	if p.binding {
		until := p.now
		if !p.scheduled.IsZero() {
			until = p.scheduled
		}
		p.emit(to, w.unbound, p.created, until)
		p.emit(to, w.provisioningUnbound, p.decision.Schedulable, until)
	}
	if p.unsettled() && p.decision.Attempted.IsZero() {
		p.emit(to, w.undecided, p.decision.Acknowledged, p.now)
	}
}

// emit shows the time since a moment, unless that has not come.
func (p waiting) emit(to chan<- prometheus.Metric, desc *prometheus.Desc, since, until time.Time) {
	if !since.IsZero() {
		gauge(to, desc, elapsed(since, until), p.key.Name, p.key.Namespace)
	}
}

// elapsed is in seconds. Times of objects are whole seconds, so they may seem to
// be before what caused them.
func elapsed(since, until time.Time) float64 { return max(0, until.Sub(since).Seconds()) }
