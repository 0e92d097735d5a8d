// SPDX-License-Identifier: Apache-2.0

// Package reservation finds the capacity reservations that a NodeClass selects, and
// counts how many more machines each holds (AWS-350 to AWS-352, AWS-433, CP-069).
//
// # What it knows
//
// [Reservations] list what is selected, with its state as of now. [Counts] are what the
// cloud said last, changed by what happened since.
//
// # What it may not import
//
// Other packages of the provider but apis/v1 and internal/query.
//
// # Invariants
//
// With the gate off nothing is asked, and nothing is found. Every answer of
// DescribeCapacityReservations is a reading of counts. What happened before a reading
// began is in it; what happened later is counted on top. A count is never negative and
// never more than the reservation has in all.
//
// Start reading at reservations.go, then counts.go.
package reservation
