// SPDX-License-Identifier: Apache-2.0

// Package pods reads off a Pod object what capacity decisions need to know of
// its life: whether it waits for capacity, whether it would need a new place if
// its node went away, and whether a disruption budget forbids moving it.
//
// Every function is a pure predicate over the objects passed in. What a pod
// requires of a node is not its business (package intake), nor in which order
// pods are evicted (package drain).
//
// Imports Kubernetes API types and the engine; no clients.
package pods
