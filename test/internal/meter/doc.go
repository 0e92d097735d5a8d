// SPDX-License-Identifier: Apache-2.0

// Package meter measures what Karpenter uses while something else happens:
// processor time, memory, requests to the API server.
//
// # What it holds
//
// The first and the latest answer of Karpenter's metrics, and the most memory that
// any answer showed.
//
// # What it never does
//
// It looks at no process itself, so it works wherever the metrics can be read.
//
// # Cost
//
// One read of the metrics a second.
//
// Start reading at [Start].
package meter
