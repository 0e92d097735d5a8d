// SPDX-License-Identifier: Apache-2.0

// Package health remembers which offerings a cloud could not deliver, how widely
// that holds, and until when it is believed (KIT-001 to KIT-014, CP-081 to
// CP-085).
//
// # What it holds
//
// A [Record] of marks. [Record.Mark] adds one after a failed launch,
// [Record.Snapshot] gives the answers of a moment: [Snapshot.Why] says whether an
// offering is worth trying, and if not, which mark says so.
//
// It never talks to a cloud and knows no instance types: what an offering is, is
// said by who asks. It imports nothing of the project, and starts no goroutine.
//
// # Vocabulary
//
// A scope is what a mark covers: the fewer of its fields are set, the wider it
// is. A place is whatever narrows a launch inside a zone: a placement group, a
// partition of it, a host. A network is what gives machines addresses: a subnet,
// a vSwitch. The generation is a number that derived data is keyed by.
//
// # Invariants
//
// A mark never makes anything unavailable beyond its scope. Two snapshots of one
// generation give the same answers to every question of availability. Answers
// never depend on the order in which marks were made.
//
// # Cost
//
// Asking is a few look-ups by the offering's own names plus the marks found
// there, without lock or allocation: some 100 ns. Marking is constant; the first
// snapshot after a change is linear in the number of marks, which is bounded.
//
// Start reading at scope.go, then record.go.
package health
