// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
)

type collectors struct {
	nodeCount        prometheus.Gauge
	synced           prometheus.Gauge
	unsyncedTime     prometheus.Gauge
	decisionDuration prometheus.Observer
}

func newCollectors(registerer prometheus.Registerer) (*collectors, error) {
	r := families.New(registerer, families.Core()...)
	nodeCount, synced := r.Gauge("karpenter_cluster_state_node_count"), r.Gauge("karpenter_cluster_state_synced")
	unsyncedTime := r.Gauge("karpenter_cluster_state_unsynced_time_seconds")
	decisionDuration := r.Histogram("karpenter_pods_scheduling_decision_duration_seconds")
	if err := r.Err(); err != nil {
		return nil, err
	}
	return &collectors{
		nodeCount: nodeCount.WithLabelValues(), synced: synced.WithLabelValues(),
		unsyncedTime: unsyncedTime.WithLabelValues(), decisionDuration: decisionDuration.WithLabelValues(),
	}, nil
}
