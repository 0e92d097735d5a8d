// SPDX-License-Identifier: Apache-2.0

// Package volume tells which attachable volumes pods use: for each claim the CSI
// driver that attaches it, and for each node how many of a driver are attached
// and may be.
//
// # What it never does
//
// It decides nothing about scheduling and writes nothing. [Resolver] is the only
// part that reads; the rest are values. A volume that cannot be resolved is left
// out: it must never keep a node or a pod from being known (LIF-038).
//
// # Vocabulary
//
// An attachment is one claim (a PersistentVolumeClaim, namespace/name) with its
// driver. A resolution is settled when nothing that may still change could alter
// it: every claim is bound.
//
// # Cost
//
// Resolving a pod costs at most three cache reads for each of its claims.
package volume
