// SPDX-License-Identifier: Apache-2.0

// Package index names the field indexes of the shared cache and looks objects
// up by them, so that no reconcile lists a whole kind.
//
// # Vocabulary
//
// Nodes and NodeClaims match by provider ID as a whole string, never by name;
// an empty provider ID matches nothing (LIF-003). Pods and VolumeAttachments
// belong to a node by its name.
//
// # Invariants
//
// What the lookups return is shared with the cache and must not be changed:
// nothing is copied. Callers that want to change an object copy it first.
//
// # Cost
//
// A lookup is one map access and linear in what it returns.
//
// Start reading at [Setup], which runs before the cache starts, and [Fields],
// which serves test clients.
package index
