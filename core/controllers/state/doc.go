// SPDX-License-Identifier: Apache-2.0

// Package state keeps the live model (package cluster) up with the watches: the
// controllers state.node, state.pod, state.nodeclaim, state.nodepool,
// state.daemonset, state.limitrange, state.runtimeclass, state.nodeclaimgc and
// state.pricing.
//
// # What it never does
//
// It writes nothing to the API server, and in steady state it reads nothing from
// it: objects come from the watch caches, as the caches' own pointers, so that
// the model holds no second copy of the cluster. The one live read asks whether
// a NodeClaim exists that this process created and no watch has shown.
//
// # Vocabulary
//
// A follower hands every version of the objects of one kind to the model. A
// sweep is the periodic look for objects that the model has not in the version
// of the cache; it normally finds none.
//
// # Invariants
//
// Events only name an object; what is taken in is its version in the cache at
// that time, one worker for each object. So the model never goes back, and a
// deletion is never undone by an older event.
//
// # Cost
//
// An event costs a map access in the cache and what the model makes of it. A
// sweep compares one version for each object.
//
// Start reading at follower.go; [All] lists the controllers.
package state
