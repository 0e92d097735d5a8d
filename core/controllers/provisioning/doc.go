// SPDX-License-Identifier: Apache-2.0

// Package provisioning launches nodes for pods that found no place.
//
// # What it does
//
// Pods and disrupted nodes trigger a round; triggers that come together make
// one (package batch). A round gathers a snapshot of the cluster, the pending
// pods and the node pools, asks the engine for a plan, and carries it out:
// NodeClaims are created, existing nodes nominated, pods told, and with package
// nomination the scheduler. Pods keep the places that rounds gave them until they are
// bound (SCH-310). While pods keep a window open it launches ahead of the round the
// machines that more pods would not change (package settle). Machines that would exceed a
// limit of the account together are left to the next round (package ration).
//
// # What it never does
//
// It decides nothing about placement (package place does), never binds pods and edits
// nothing of them but their nomination (SCH-238), and keeps little between rounds: the batching window, what nodes were launched
// for (package launches), and what pods and log were told lately, so that nothing is
// told twice. After a restart the first list of
// pods triggers everything again (SCH-016).
//
// # Invariants
//
// Rounds are serial. The snapshot is taken before the pods are listed, so a pod
// that binds in between can only cause too little capacity, never twice the
// capacity (SCH-021). A NodeClaim is in the cluster's model before the round
// ends (SCH-236), and pods it was created for are not provisioned again.
//
// # Where to start
//
// [Provisioner.Reconcile] in provisioner.go, then gather.go and carryout.go;
// ahead.go for an open window.
package provisioning
