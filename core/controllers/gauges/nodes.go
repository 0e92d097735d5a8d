// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/metrics/families"
)

// nodes collects the gauges of single nodes and of the cluster (OPS-117 to
// OPS-124), managed or not, from the live model.
type nodes struct {
	cluster *cluster.Cluster
	clock   clock.PassiveClock
	labels  []families.NodeLabel

	allocatable, podRequests, podLimits, daemonRequests, daemonLimits, overhead *prometheus.Desc
	lifetime, utilization                                                       *prometheus.Desc
}

func newNodes(o Options, r *families.Registry) *nodes {
	const allocatable = "karpenter_nodes_allocatable"
	n := &nodes{
		cluster: o.Cluster, clock: o.Clock, labels: families.NodeLabels(o.Vocabulary),
		allocatable: r.Desc(allocatable), overhead: r.Desc("karpenter_nodes_system_overhead"),
		podRequests: r.Desc("karpenter_nodes_total_pod_requests"), podLimits: r.Desc("karpenter_nodes_total_pod_limits"),
		daemonRequests: r.Desc("karpenter_nodes_total_daemon_requests"), daemonLimits: r.Desc("karpenter_nodes_total_daemon_limits"),
		lifetime: r.Desc("karpenter_nodes_current_lifetime_seconds"), utilization: r.Desc("karpenter_cluster_utilization_percent"),
	}
	r.Register(allocatable, n)
	return n
}

// Describe implements [prometheus.Collector].
func (n *nodes) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		n.allocatable, n.podRequests, n.podLimits, n.daemonRequests, n.daemonLimits, n.overhead, n.lifetime, n.utilization,
	} {
		to <- desc
	}
}

// Collect implements [prometheus.Collector].
func (n *nodes) Collect(to chan<- prometheus.Metric) {
	requested, available := amounts{}, amounts{}
	snapshot := n.cluster.Snapshot()
	for _, state := range snapshot.Nodes() {
		if state.Node() == nil {
			continue // it has not joined
		}
		allocatable, requests := n.collect(to, snapshot.Compiler(), state)
		available.add(allocatable)
		requested.add(requests)
	}
	for resource, total := range available {
		if total > 0 {
			gauge(to, n.utilization, 100*requested[resource]/total, resource)
		}
	}
}

// collect emits the series of one node.
func (n *nodes) collect(to chan<- prometheus.Metric, c *intake.Compiler, state *cluster.StateNode) (allocatable, requests amounts) {
	node, values := state.Node(), n.values(state)
	emit := func(desc *prometheus.Desc, all amounts) {
		for resource, amount := range all {
			gauge(to, desc, amount, append(values[:len(values):len(values)], resource)...)
		}
	}
	allocatable = amountsOf(node.Status.Allocatable)
	requests = amountsOf(c.List(state.Requests())).within(allocatable)
	emit(n.allocatable, allocatable)
	emit(n.podRequests, requests)
	emit(n.podLimits, amountsOf(c.List(state.Limits())).within(allocatable))
	emit(n.daemonRequests, amountsOf(c.List(state.DaemonRequests())).within(allocatable))
	emit(n.daemonLimits, amountsOf(c.List(state.DaemonLimits())).within(allocatable))
	emit(n.overhead, amountsOf(overhead(&node.Status)))
	gauge(to, n.lifetime, n.clock.Since(node.CreationTimestamp.Time).Seconds(), values...)
	return allocatable, requests
}

// values are those of the labels of one node, in the order of [families.NodeGauges].
func (n *nodes) values(state *cluster.StateNode) []string {
	node := state.Node()
	out := make([]string, 0, len(n.labels)+3)
	for _, l := range n.labels {
		out = append(out, node.Labels[l.Key])
	}
	return append(out, strconv.FormatBool(state.Managed()), node.Name, string(node.Status.Phase))
}
