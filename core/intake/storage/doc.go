// SPDX-License-Identifier: Apache-2.0

// Package storage decides what the persistent volumes of a pod demand of its
// node: whether the pod can be served at all, which topologies are left, and
// which drivers attach what.
//
// # What it never does
//
// It reads nothing: a [Claim] holds the objects that somebody else found, or
// nil for those that do not exist. It changes none of them.
//
// # Vocabulary
//
// A claim is a PersistentVolumeClaim, here always one that a pod uses. It is
// bound once it names a PersistentVolume. A candidate is a PersistentVolume that
// the scheduler could bind it to. An alternative is a set of node
// requirements under which all volumes of a pod are reachable.
//
// # Cost
//
// Linear in the claims, their terms and candidates, except that the alternatives of several
// volumes are multiplied, up to a bound.
//
// Start reading at rules.go.
package storage
