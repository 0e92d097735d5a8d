// SPDX-License-Identifier: Apache-2.0

// Package performance measures Karpenter with hundreds of nodes: how long it takes, how
// full the nodes are, what it uses itself. It is run by make e2e TEST_SUITE=performance.
//
// # What it holds
//
// The scenarios of OPS-280, each a row of phases, and how a phase is measured. Scenarios
// run one after the other, for minutes each; all are labelled long.
//
// # What it never does
//
// It looks into nothing but the Kubernetes API, /metrics and, if profiles are wanted,
// /debug/pprof. Nor does it say whether decisions are right: that is test/e2e.
//
// # Inputs
//
// Those of test/e2e. KARPENTER_PERF_THRESHOLDS, a JSON object, changes bounds (OPS-282).
// With OUTPUT_DIR each phase leaves a report and profiles (OPS-283); GIT_REF stands in it.
//
// Start reading at scenarios_test.go.
package performance
