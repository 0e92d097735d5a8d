// SPDX-License-Identifier: Apache-2.0

// Package scrape reads what Karpenter serves at /metrics.
//
// # What it holds
//
// A [Snapshot] is one answer: all series with the time at which they were read.
//
// # What it never does
//
// It keeps no history and repeats no request: whoever needs a rate takes two
// snapshots, whoever needs patience polls.
//
// # Cost
//
// Fetching parses the whole text, some milliseconds for a cluster of hundreds
// of nodes. Looking a value up walks the series of one metric.
//
// Start reading at [Fetch].
package scrape
