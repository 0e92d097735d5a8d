// SPDX-License-Identifier: Apache-2.0

// Package gauges shows what the cluster looks like: gauges of single nodes, of
// node pools and of pods, and how long pods waited (OPS-115 to OPS-135). It also
// shows what the provider sells (CP-078).
//
// # What it never does
//
// It decides nothing and writes nothing to the API server. When cluster state
// observability is disabled, [All] is not called and only the offerings are
// shown (OPS-116).
//
// # Vocabulary
//
// A collector is asked when somebody reads the metrics, and then reads what
// there is. So ages need no refresh, and a series goes with its object.
//
// # Invariants
//
// Nodes are read from the live model; pools and pods from what the controllers
// metrics.nodepool and metrics.pod were told; offerings from the catalogues as
// metrics.offering read them last. All of these are filled on the
// leader only, so a standby replica shows nothing of the cluster. No two objects
// share a series: resources whose names differ only in what a label value cannot
// show are added up.
//
// # Cost
//
// A scrape costs work for each node, pool, pod and offering. An event costs a look at its
// object, whatever the size of the cluster.
//
// Start reading at gauges.go.
package gauges
