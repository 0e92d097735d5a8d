// SPDX-License-Identifier: Apache-2.0

// Package conformance is the suite that every provider passes (section 13 of the
// contract). A provider hands [Run] a [Harness]: how to start it on an empty
// cloud, and how to make that cloud do what a test needs.
//
// # What it decides
//
// Each row of the checklist is one subtest, named by its ID. A row that needs a
// function which the harness does not have is skipped with the name of what is
// missing, so that a report shows what is not proven. A provider whose own
// specification rules a row differently says so in [Harness.Differs], with the
// requirement that says it.
//
// Rows about tagging, batching, drift tables, NodeClass hashes, interruption,
// prices and bootstrap (CP-304, CP-309, CP-310, CP-314 to CP-317, CP-319 to
// CP-321, CP-333, CP-336 to CP-346, CP-348, CP-349) belong to clouds that have
// them and are not in this version. The core's own tests prove what is its part: CP-302,
// CP-323, CP-347.
//
// It knows no provider and no Kubernetes client. Every row starts its own cloud,
// so rows do not depend on one another.
//
// Start reading at harness.go; the rows are listed in run.go.
package conformance
