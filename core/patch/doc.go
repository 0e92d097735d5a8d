// SPDX-License-Identifier: Apache-2.0

// Package patch is how controllers write objects that others write too.
//
// # What it holds
//
// Patches carry only what changed and are guarded by the resource version that
// was read, so that a list (taints, finalizers, owner references, conditions) is
// never overwritten with a stale copy (LIF-004). Nothing is sent when nothing
// changed.
//
// # Vocabulary
//
// before is the object as it was read, after the copy that the controller
// changed. Metadata and spec are one write, status is another.
//
// # Invariants
//
// A write leaves after as it is, except for its resource version, so that a
// second write can follow the first.
//
// Start reading at [All].
package patch
