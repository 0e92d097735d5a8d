// SPDX-License-Identifier: Apache-2.0

// Package scaling gives Machines of a MachineDeployment to NodeClaims and takes them
// back (sections 5 and 6 of the chapter, CAPI-035 to CAPI-053, CAPI-122).
//
// # What it decides
//
// When to read and to write. How many replicas there should be is decided by package
// replicas, which Machine may be taken by package claim.
//
// # How it keeps its promises
//
// Callers of one deployment are collected for a moment. What reads or changes replicas,
// marks and the record has the turn of the deployment, one at a time; waiting for Machines
// and binding them do not hold it. A NodeClaim gets a Machine in two writes: the claim on
// the Machine, on condition that nobody has it, and the Machine's name on the NodeClaim.
// All that must survive a crash is in those objects (CAPI-045, CAPI-050).
//
// # Vocabulary
//
// A desk is where a deployment is served while somebody waits for it. A caller waits until
// it is given a Machine; a Machine that was given is taken, whatever the cache shows.
//
// # Cost
//
// A window of launches costs a fresh inventory, at most one write of the deployment, and a
// write of each Machine and each NodeClaim. One of deletions costs a fresh inventory, a
// write for each mark and one of the deployment. Who waits reads caches only.
//
// Start reading at scaler.go, then launch.go and release.go.
package scaling
