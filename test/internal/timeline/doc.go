// SPDX-License-Identifier: Apache-2.0

// Package timeline notes when things happened to pods, NodeClaims and nodes, and
// works out how long they took and how well plans held.
//
// # What it holds
//
// A [Timeline] is fed with objects as watches bring them, and with the time of
// receipt: times of the API have a resolution of one second. It keeps the first
// moment of each step. A [View] is what was seen so far; all figures come from
// views.
//
// # What it never does
//
// It watches nothing itself and reads no clock.
//
// # Vocabulary
//
// A pod's steps are created, bound, running (ready); a node's are ready, then open
// (ready and registered, so that pods may bind to it). A pod is told where to go by
// Karpenter's Nominated event and, if Karpenter writes it, by its
// status.nominatedNodeName.
//
// # Cost
//
// One map lookup for each object seen; a view copies everything.
//
// Start reading at [Timeline].
package timeline
