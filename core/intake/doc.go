// SPDX-License-Identifier: Apache-2.0

// Package intake compiles Kubernetes objects into the engine's model: pods into
// classes, node pools with their instance types and daemons into templates,
// quantities into vectors, labels and taints into interned form.
//
// # What it holds
//
// A [Compiler], one for each process, which owns the interned names and keeps
// what it compiled: a class for every distinct pod shape seen lately, a
// catalogue for every distinct list of instance types.
//
// # What it never does
//
// It makes no API calls and reads no clock. Whatever a compilation needs is an
// argument, so the same code serves the controllers, offline tools and tests.
//
// # Invariants
//
// Requests are rounded up and availability is rounded down, so rounding can
// only make the engine more careful. Pods of one class differ in nothing that a
// scheduling decision looks at but the volume claims they attach, which belong to
// the pod. Pods that no decision could tell apart may still be of two classes, such
// as when they list the same terms in another order; that costs time only.
//
// # Cost
//
// Finding the class of a known pod shape reads the pod once and allocates
// nothing that outlives the call.
//
// Imports Kubernetes API types and the engine; no clients.
package intake
