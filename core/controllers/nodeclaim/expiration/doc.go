// SPDX-License-Identifier: Apache-2.0

// Package expiration deletes NodeClaims that have reached the age their spec
// allows. It is the controller nodeclaim.expiration.
//
// It asks no budget, respects no protection and launches nothing in advance:
// expiration is an order, and what runs on the node is the drain's business. It
// reads the NodeClaim's own field, never the pool's.
//
// Because neither age nor limit can change, a NodeClaim is looked at when it
// appears and when its time has come, and not in between.
package expiration
