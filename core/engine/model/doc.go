// SPDX-License-Identifier: Apache-2.0

// Package model is the world as the engine sees it: classes of pods, existing
// nodes, templates (node pools) with their catalogue of instance types, and the
// snapshot that holds them together.
//
// # What it holds
//
// A [Class] is what pods that scheduling cannot tell apart have in common. A
// [Node] is an existing or launched machine and what is free on it. A
// [Template] is a node pool: what every node of it has, and which variants of
// which instance types may be launched for it. A [Catalogue] is a list of
// instance types compiled into bit sets and ranks, shared by all rounds until
// the provider's answer changes.
//
// A variant is one allocatable group of an instance type: most types have one;
// offerings with capacity or overhead overrides add more (CP-055).
//
// # Invariants
//
// Everything reachable from a [Snapshot] is immutable once handed out and may
// be shared by any number of readers; the engine keeps its own changes beside
// it. Amounts are [resource.Vector]: milli-CPU, bytes, counts. Prices are per
// hour in the provider's currency.
//
// # Cost
//
// Compiling a catalogue is linear in offerings and type requirements;
// [Template.KeepFitting] costs one binary search and one AND for each resource
// asked for; [Catalogue.Meeting] one AND for each key.
//
// Imports the standard library and engine packages only.
package model
