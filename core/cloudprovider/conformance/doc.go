// SPDX-License-Identifier: Apache-2.0

// Package conformance is the suite that every provider passes (section 13 of the
// contract). A provider hands [Run] a [Harness]: how to start it on an empty
// cloud, and how to make that cloud do what a test needs.
//
// # What it decides
//
// Each row of the checklist is one subtest or several, named by its ID, run in the
// order of the IDs. What a row needs of the harness is sorted into capabilities:
// those of the floor must be there, any other is either brought whole or excused by
// a requirement ([Harness.Lacks]). A provider whose own specification rules a row
// differently says so in [Harness.Differs]. What was left out is listed at the end,
// with what justifies it, so that a report shows what is not proven.
//
// Rows that a harness cannot drive are proven by the core's own tests: CP-302 (no
// call for objects of others), and the part of CP-323 about finalizers.
//
// It knows no provider and no Kubernetes client. Every row starts its own cloud,
// so rows do not depend on one another.
//
// Start reading at harness.go; the rows are listed in run.go.
package conformance
