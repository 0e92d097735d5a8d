// SPDX-License-Identifier: Apache-2.0

// Package cordon writes and removes what a command leaves on the objects of its
// nodes before they are given up: the taint that keeps new pods away, and the
// condition DisruptionReason. They are the only traces of a command that outlive
// the process (DIS-133).
//
// # What it never does
//
// It does not decide which nodes are cordoned, and it touches no node that is
// being deleted: there the taint is the termination's business (DIS-120).
//
// # Invariants
//
// A machine is known by its provider ID: a Node or NodeClaim of the same name
// with another one is left alone (DIS-131). Applying and lifting can be repeated.
// Writes are guarded by the version that was read, so a Node is never tainted
// whose annotation has come to forbid disruption in the meantime.
//
// Start reading at [Cordon.Apply].
package cordon
