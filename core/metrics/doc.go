// SPDX-License-Identifier: Apache-2.0

// Package metrics holds the collectors of what happens to NodeClaims, nodes and
// their pods, because controllers of several families count the same things:
// whoever deletes a NodeClaim counts it here. What metrics there are, of these and of
// all other packages, stands in package families.
//
// # What it never does
//
// Nothing is global: each struct of collectors is made once for a registry and
// passed to the controllers. Nothing here decides when to count. Counters count
// effects that the API server accepted, once each (OPS-085), which is for the
// caller to keep.
//
// Start reading at [NodeClaims] and [Nodes], and at package families.
package metrics
