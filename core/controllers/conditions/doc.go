// SPDX-License-Identifier: Apache-2.0

// Package conditions tells of the conditions of objects: how long each has been
// what it is, how often it changed, and how long objects take to go, as metrics
// (OPS-150 to OPS-154) and as events (OPS-197, OPS-198).
//
// # What it never does
//
// It decides nothing and sets no condition.
//
// # Vocabulary
//
// An observation is what was last seen of an object. A transition is a change of
// a condition's status between two observations.
//
// # Invariants
//
// Counters, durations and events follow the events of the watch; gauges, and so
// every age, are worked out when somebody asks. Nothing is done on a timer. The
// leader observes; a standby replica shows nothing.
//
// # Cost
//
// A heartbeat costs a comparison of conditions, a change a copy of its object,
// and a scrape work for each condition of each object.
//
// Start reading at controller.go.
package conditions
