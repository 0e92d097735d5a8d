// SPDX-License-Identifier: Apache-2.0

// Package replicas is the arithmetic of how many Machines a MachineDeployment should have
// (CAPI-036, CAPI-037, CAPI-048 to CAPI-052, CAPI-120).
//
// # What it decides
//
// [Count.Raise] says by how much to raise the replicas so that all who wait get a
// Machine; [Lower] by how much to lower them for Machines that are to go.
//
// # What it never does
//
// These are functions of values. Who calls them has exclusive access to the deployment.
//
// # Vocabulary
//
// A Machine that is to go is marked, so that Cluster API deletes it first, and recorded
// once the replicas no longer count it. It is owed once more than the replicas say are
// there: who waits for a Machine that is owed needs no other.
//
// # Invariants
//
// Replicas are lowered exactly once for each Machine, whatever is repeated and wherever a
// process ended: the record is written together with the replicas.
//
// Start reading at replicas.go.
package replicas
