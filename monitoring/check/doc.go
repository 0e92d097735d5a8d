// SPDX-License-Identifier: Apache-2.0

// Package check holds the tests of alerts and dashboards: each expression is parsed by
// Prometheus' own parser, and its names and labels are compared with the metrics that
// Karpenter shows, by the generated reference. It is a module of its own, since
// Prometheus brings the clients of all clouds.
//
// promtool, which this module provides too, checks the rules and runs their unit tests:
// make monitoring-test does both.
package check
