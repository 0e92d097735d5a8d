// SPDX-License-Identifier: Apache-2.0

// Package e2e proves on a real cluster what Karpenter promises: it drives a
// control plane only through the Kubernetes API, reads only that and /metrics,
// and is run by make e2e.
//
// # What it holds
//
// One file for each area, in the words of its users: scale-out, NodePools, taints,
// affinity, volumes, daemons, pods that fit nowhere, failing launches, termination,
// emptiness, consolidation and what stands in its way, drift, broken nodes, crashes,
// what another Karpenter has left, status, metrics, admission. Each test cites the
// requirements that it proves.
//
// # What it never does
//
// It imports nothing of Karpenter but the API types, and does not sleep: it waits
// for conditions. What must never happen is watched from the first event on, not
// looked for in the end.
//
// # Permissions
//
// The controller runs with the service account and the rules of its Helm chart. At the
// end the suite sees that no request was refused and, if every spec ran, that all that
// is granted was needed (OPS-310, OPS-311). The core's rules are judged here only.
//
// # Side by side
//
// Tests run in several processes, because most of their time is waiting. A test
// makes its objects with env.Create, which keeps its pods on its own nodes; what
// it says about pools, nodes and pods is about its own. A test that is about the
// whole cluster, about a restart of the controller or about seconds is Serial: it
// runs alone, and its pods may go anywhere. So is one that makes objects which act
// on the nodes of others, such as a NodeOverlay without requirements.
//
// # Inputs
//
// KUBECONFIG, the cluster; specs that end or start Karpenter are skipped in one of kind,
// where it is a Deployment. METRICS_URL, where Karpenter's metrics are, if the cluster
// was not started by tools/cluster. OUTPUT_DIR, a directory for what is written about
// failed tests, and for how long each took. The flags -default-nodeclass and
// -default-nodepool, YAML files that replace the kwok provider's defaults (OPS-269).
//
// # Where to start reading
//
// suite_test.go, then scaleout_test.go.
package e2e
