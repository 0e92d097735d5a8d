// SPDX-License-Identifier: Apache-2.0

// Package tag writes what a machine gets after its launch: tags, once its node's
// name is known, and changes of the NodeClass that can be applied to a machine
// that runs (KIT-140 to KIT-146).
//
// # What it never does
//
// It talks to no cloud: a [Tagger] and an [Updater] of the provider do. It decides
// neither which tags there are nor what can be changed in place.
//
// # Vocabulary
//
// The done annotations say that a NodeClaim's machine has its tags. The in-place
// hash is that of what was last applied to the machine.
//
// # Invariants
//
// An annotation is written only after the cloud has accepted what it says.
//
// # Cost
//
// Nothing for a NodeClaim that is done: one comparison of annotations for each of
// its events. One that waits for its turn to be tagged is read once more, at that
// turn.
//
// Start reading at [Controller] and [InPlace].
package tag
