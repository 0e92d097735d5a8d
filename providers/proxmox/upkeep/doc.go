// SPDX-License-Identifier: Apache-2.0

// Package upkeep changes machines that run: it applies what their NodeClass says in place,
// and takes away what they were booted with.
//
// # What it decides
//
// What of tags ([Tags]), pool ([Membership]) and, by package firewall, of rules is changed
// (PVE-088, PVE-089).
//
// # What it never does
//
// It starts, stops and deletes no machine, and touches none that it cannot tell to be the
// NodeClaim's.
//
// # Invariants
//
// What fails stops nothing else; all of it is compared with the machine as it is, so that a
// repeat costs nothing. A machine is changed at the host where it is now.
//
// # Start reading at
//
// updater.go, then decide.go and eject.go.
package upkeep
