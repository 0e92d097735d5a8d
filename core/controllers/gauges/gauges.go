// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/metrics/families"
)

// Options are what the gauges are read from; all are required.
type Options struct {
	// Client reads from the cache.
	Client  client.Reader
	Cluster *cluster.Cluster
	Ledger  *cost.Ledger
	// NodeClasses tell the managed pools, Words the labels of nodes.
	NodeClasses cloudprovider.NodeClassKinds
	Vocabulary  *vocabulary.Vocabulary
	Clock       clock.PassiveClock
	Registerer  prometheus.Registerer
	// CPUMillis is the CPU request of the process.
	CPUMillis int64
}

// Controller is one that can be added to a manager.
type Controller interface {
	Register(ctx context.Context, m manager.Manager) error
}

// All registers every gauge and returns the controllers that some of them need.
// An error means that they are registered already.
func All(o Options) ([]Controller, error) {
	r := families.New(o.Registerer, append(families.Core(), families.NodeGauges(o.Vocabulary))...)
	newNodes(o, r)
	pools := newPools(o, r)
	pods, err := newPods(o, r)
	if err != nil {
		return nil, err
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return []Controller{pools, pods}, nil
}

// gauge emits one sample of a gauge.
func gauge(to chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
