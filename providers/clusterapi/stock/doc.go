// SPDX-License-Identifier: Apache-2.0

// Package stock knows what can be had now of the MachineDeployments that a NodeClass
// selects (CAPI-018 to CAPI-029, CAPI-061).
//
// # What it decides
//
// Whether another Machine of a deployment can be had, and which shape a deployment has
// whose annotations cannot be read any more: the last that could be, or else its labels only.
//
// # What it never does
//
// It calls nobody but through the facts that it is given: it reads the cache of the
// management cluster, and for deployments at their limit those of both clusters. It writes
// nothing and tells nothing.
//
// # Invariants
//
// A type whose content did not change keeps its pointer (CP-009), although a deployment
// changes with each Machine.
//
// # Cost
//
// An answer is linear in the deployments of the cache; what was compiled for the same
// shapes and the same asker is kept. A deployment at its limit costs a look at its Machines
// and at all NodeClaims, once a second.
//
// Start reading at stock.go.
package stock
