// SPDX-License-Identifier: Apache-2.0

// Package repair gives up nodes that are broken, by deleting their NodeClaims. It is the
// controller node.health, which runs if the feature gate NodeRepair is on and the
// provider has repair policies.
//
// # What it decides
//
// Nothing itself: the provider's policies say which conditions are unhealthy
// ([karpenter.sh/core/cloudprovider.FindUnhealthy]), and package
// [karpenter.sh/core/engine/repair] says when a node is given up and when too many are
// broken.
//
// # What it never does
//
// It launches nothing, and drains nothing: what runs on the node has no say, and is
// planned for anew as the node goes. It leaves alone Nodes that do not carry the label of
// one of the provider's NodeClasses, and those that do not belong to exactly one managed
// NodeClaim, or not alone.
//
// # Invariants
//
// A node is given up only as the API server has it: Node and NodeClaim are read past the
// cache right before. So no deletion is made or counted twice, and no node that has
// recovered goes. The NodeClaim is deleted first, and its deadline is written then: what
// fails in between is done in the next pass, which finds the node still broken.
//
// # Cost
//
// A node that is well costs a comparison when its conditions change. One that is broken is
// looked at when its toleration ends and, while it stays, every five minutes; each time
// the nodes of its pool are counted in the cache.
//
// # Where to start reading
//
// [Controller.Reconcile].
package repair
