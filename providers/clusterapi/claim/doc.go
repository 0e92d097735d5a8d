// SPDX-License-Identifier: Apache-2.0

// Package claim says which Machine belongs to which NodeClaim, and which Machines a
// NodeClaim may take (CAPI-005, CAPI-006, CAPI-040 to CAPI-042).
//
// # What it decides
//
// [Of] reads the claim on a Machine, [MachineOf] the Machine that a NodeClaim names.
// [Candidate.Claimable] says whether a Machine may be taken, and [Order] which first.
//
// # What it never does
//
// These are functions of values: no client, no clock. Claims are written by package
// scaling.
//
// # Vocabulary
//
// A claim is the annotation on a Machine that names a NodeClaim and its UID. A Machine is
// bound when the NodeClaim names it in turn. A claim is void when its NodeClaim does not
// exist. It tells its workload cluster, since several may share a management cluster.
//
// Start reading at claimable.go.
package claim
