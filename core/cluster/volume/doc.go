// SPDX-License-Identifier: Apache-2.0

// Package volume reads which volumes pods use and how many a node attaches.
// [Reader] finds the objects behind a pod's claims and what else decides about
// them, such as the volumes that are there and the room of drivers, for package
// storage of the intake to decide from; [Resolver] finds the drivers of the claims of bound pods,
// for the model to count.
//
// # What it never does
//
// It decides nothing and writes nothing. For the model, a volume that cannot be
// resolved is left out: it must never keep a node or a pod from being known
// (LIF-038).
//
// # Vocabulary
//
// A claim is a PersistentVolumeClaim, named by namespace/name. A resolution is
// settled when nothing that may still change could alter it: every claim is bound.
//
// # Cost
//
// Resolving a pod costs at most three cache reads for each of its claims. What all
// claims of a class share is read once in a [Pass].
package volume
