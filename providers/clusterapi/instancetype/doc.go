// SPDX-License-Identifier: Apache-2.0

// Package instancetype makes instance types of MachineDeployments (section 4 of the
// chapter, CAPI-018 to CAPI-030).
//
// # What it decides
//
// [Read] makes a [Shape] of one deployment: what a machine of it has, which labels its
// Node will bear, what it costs. [Compile] makes instance types of many shapes for one
// who asks, a NodePool or a NodeClaim: which of the labels become requirements, which
// deployments are one type, and which of its offerings can be had.
//
// # What it never does
//
// These are functions of values: no client, no clock, no log. Whether a deployment can
// be scaled is said by who asks.
//
// # Vocabulary
//
// A shape is a deployment as a kind of machine. Labels are visible to a pool if they are
// well-known or the pool defines them; others are on the Node, and nobody can ask for
// them.
//
// # Cost
//
// Compile is linear in shapes and their labels, with a sort of both.
//
// Start reading at shape.go, then compile.go.
package instancetype
