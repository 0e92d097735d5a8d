// SPDX-License-Identifier: Apache-2.0

// Package inventory reads what there is of a MachineDeployment: its MachineSets and
// Machines, and what the workload cluster says of them.
//
// # What it decides
//
// Which Machines are a deployment's (those that its MachineSets control, CAPI-041,
// CAPI-042), whether somebody has them, and whether a claim is void. What follows from
// that is decided by packages claim and replicas.
//
// # What it never does
//
// It writes nothing. It takes no NodeClaim for missing that the API server still has: a
// cache that is behind frees no Machine (CAPI-057). It takes none for missing that may be in
// another workload cluster (CAPI-074).
//
// # Vocabulary
//
// The management cluster has the Machines, the workload cluster NodeClaims and Nodes; they
// may be one. A reading is fresh if it went past the cache of the management cluster.
//
// # Cost
//
// A fresh reading is one read of the deployment and two lists, of its sets and Machines;
// a cached one costs no call. Either looks at all NodeClaims of the cache once. A claim
// whose NodeClaim the cache does not show costs one read more, and none once it was found
// void.
//
// Start reading at inventory.go.
package inventory
