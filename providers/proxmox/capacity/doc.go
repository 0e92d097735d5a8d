// SPDX-License-Identifier: Apache-2.0

// Package capacity keeps account of what hosts have left for machines.
//
// # What it decides
//
// Whether a machine has room on a host, and, where machines are pinned, which CPUs and
// NUMA nodes it gets ([Pin], PVE-056). [Ledger] holds what hosts run and what is being
// launched, so that concurrent launches never take more together than there is.
//
// # What it never does
//
// It reads no host: whoever does hands in what it found.
//
// # Vocabulary
//
// A pinned machine has CPUs of its own; any other takes as many as it has, wherever.
//
// # Invariants
//
// What a launch takes is counted from before the first call until its machine is seen to
// run by a reading that began later, or until it is released. Releasing what was taken
// leads back to the state before.
//
// # Cost
//
// A question is linear in the machines of one host.
//
// # Start reading at
//
// host.go, then pin.go and ledger.go.
package capacity
