// SPDX-License-Identifier: Apache-2.0

// Package launch makes planned bins come true: it creates the NodeClaim of a bin
// and enters it into the live model. Provisioning launches for pods that wait,
// disruption for pods whose nodes go.
//
// # What it never does
//
// It decides nothing about what is launched but what has to wait for limits that machines
// share ([Rationing]), and it undoes nothing: who asked for a NodeClaim decides what
// becomes of it.
//
// # Invariants
//
// Nothing is launched from a pool that is gone or whose nodes exceed its limits
// (SCH-203). A NodeClaim that was created is in the live model, with the pods it is
// for, before [Launcher.Create] returns (SCH-236).
//
// # Cost
//
// A read of the pool from the cache and a creation for each bin.
//
// Start reading at [Launcher.Create].
package launch
