// SPDX-License-Identifier: Apache-2.0

// Package finalization ends a NodeClass: it waits for the NodeClaims that refer to
// it, lets the provider clean up, and takes the finalizer off (KIT-120, KIT-121).
//
// # What it never does
//
// It deletes no NodeClaim: whoever deletes a NodeClass that is in use waits. It
// knows nothing of what the provider owns.
//
// # Cost
//
// One list of the NodeClaims in the cache for each pass over a NodeClass under
// deletion; every 10 minutes and after each deletion of a NodeClaim.
//
// Start reading at [Controller].
package finalization
