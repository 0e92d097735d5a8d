// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics"
)

type collectors struct {
	nodeCount        prometheus.Gauge
	synced           prometheus.Gauge
	unsyncedTime     prometheus.Gauge
	decisionDuration prometheus.Histogram
}

func newCollectors(r prometheus.Registerer) (*collectors, error) {
	c := &collectors{
		nodeCount: prometheus.NewGauge(prometheus.GaugeOpts{ // OPS-098
			Name: "karpenter_cluster_state_node_count",
			Help: "Nodes in cluster state.",
		}),
		synced: prometheus.NewGauge(prometheus.GaugeOpts{ // OPS-099
			Name: "karpenter_cluster_state_synced",
			Help: "Whether cluster state is synced: 1 if it is, else 0.",
		}),
		unsyncedTime: prometheus.NewGauge(prometheus.GaugeOpts{ // OPS-100
			Name: "karpenter_cluster_state_unsynced_time_seconds",
			Help: "Time since cluster state ceased to be synced, 0 while it is.",
		}),
		decisionDuration: prometheus.NewHistogram(prometheus.HistogramOpts{ // OPS-097
			Name:    "karpenter_pods_scheduling_decision_duration_seconds",
			Help:    "Time from when a pod was first seen pending until the first decision about it.",
			Buckets: metrics.DurationBuckets(),
		}),
	}
	for _, m := range []prometheus.Collector{c.nodeCount, c.synced, c.unsyncedTime, c.decisionDuration} {
		if err := r.Register(m); err != nil {
			return nil, fmt.Errorf("registering metrics of cluster state: %w", err)
		}
	}
	return c, nil
}
