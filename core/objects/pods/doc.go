// SPDX-License-Identifier: Apache-2.0

// Package pods reads off a Pod object what capacity decisions need to know of
// its life: whether it waits for capacity, whether it would need a new place if
// its node went away, whether a disruption budget forbids moving it, and what
// draining must know of it.
//
// Every function reads the objects passed in and nothing else. What a pod requires
// of a node is not its business (package intake), nor in which order pods are
// evicted (package drain).
//
// Imports Kubernetes API types, intake and the engine; no clients.
package pods
