// SPDX-License-Identifier: Apache-2.0

// Package failure says what errors of AWS mean (AWS-293, AWS-300, AWS-302, AWS-430,
// AWS-431, AWS-434, AWS-439, AWS-441 to AWS-445).
//
// # What it knows
//
// Failed launches, as rows of data: [Rows], of which [New] makes a [Table].
// [Table.Classify] gives the error for core, the marks for the record of health, and
// what a condition and a metric call it. [Of] and [OfFleet] read failures from errors of
// the SDK and from answers of CreateFleet.
//
// Everything else by predicates, such as [IsNotFound] and [IsThrottled], and by
// [PermissionMissing].
//
// # What it may not import
//
// Anything of the provider but its API. It calls nothing and marks nothing by itself.
//
// # Invariants
//
// A failure that no code is known of marks nothing. No mark takes a whole zone away: one
// of a placement group is left out if the attempt names no group. What may pass by itself
// (throttling, faults of the service, no answer) is a plain error.
//
// # Families
//
// Quotas of vCPUs are shared by families, so health's Family is the quota's group here
// ([QuotaGroup]), and whoever asks about an offering asks with it. [Attempt.Offering]
// makes such a question.
//
// Start reading at rows.go, then table.go.
package failure
