// SPDX-License-Identifier: Apache-2.0

// Package meter measures what Karpenter uses while something else happens:
// processor time, memory, requests to the API server; and how busy the machine is.
//
// # What it holds
//
// The first and the last answer of Karpenter's metrics, and the most memory seen
// between them.
//
// # What it never does
//
// It asks nothing of the process between the first and the last answer if the
// system can tell how much memory it has: each answer costs the process tens of
// milliseconds, which would show in what is measured.
//
// # Cost
//
// Two reads of the metrics, five looks a second at the process.
//
// Start reading at [Start].
package meter
