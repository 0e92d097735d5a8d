// SPDX-License-Identifier: Apache-2.0

// Package conditions keeps on each NodeClaim the conditions that the disruption
// loop reads: Consolidatable, which says that the node has been quiet for as long
// as its pool asks, and Drifted, which says that it is not what its pool or its
// NodeClass asks for any more. It is the controller nodeclaim.disruption.
//
// # What it decides
//
// Each condition is a rule: a function of the NodeClaim, its pool and the time.
// Rules are independent: what one cannot tell does not keep the others from being
// stored.
//
// # What it never does
//
// It looks at no pod and no budget: Consolidatable is kept whatever the pool's
// consolidation policy and whatever runs on the node (DIS-005). It sets no
// condition to False; what does not hold is removed. It writes nothing on
// NodeClaims that are being deleted, or that have no pool.
//
// # Invariants
//
// The status is written only when it changes, guarded by the version that was
// read.
//
// # Cost
//
// A NodeClaim is looked at when it changes, when its pool or its NodeClass changes,
// when its quiet time ends, and every five minutes for what the provider knows.
//
// Start reading at controller.go.
package conditions
