// SPDX-License-Identifier: Apache-2.0

// Package errortable says what a cloud's errors mean, as rows of data (KIT-060 to
// KIT-068, CP-044).
//
// # What it decides
//
// A [Table] is made of rows; the first that matches a [Failure] decides
// ([Table.Classify]): the error of the contract, which offerings are marked
// unavailable, for how long and why. [Combine] makes one error of all failures of
// a launch. [Coverage] tells which rows no test has reached.
//
// It knows no cloud's codes, marks nothing by itself and imports the contract and
// the scopes of package health only.
//
// # Vocabulary
//
// A failure is what a cloud says: code, message, HTTP status. An attempt is what
// was tried: an offering, as package health asks about it. A verdict is what a
// row makes of both.
//
// # Invariants
//
// A failure that no row matches marks nothing. A mark is never wider than its row
// says.
//
// # Cost
//
// Linear in the rows; errors are rare.
//
// Start reading at row.go, then table.go.
package errortable
