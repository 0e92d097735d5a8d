// SPDX-License-Identifier: Apache-2.0

// Package quota makes an account's limits limits of the plan: what cannot be
// launched within them is unavailable before a launch is tried (KIT-030 to
// KIT-035, AZ-186).
//
// # What it holds
//
// A [Tracker] of limits with their usage as the cloud said last, and of the
// launches since then that the cloud's figures do not contain yet. [Tracker.Begin]
// takes quota for a launch or refuses; [Tracker.Snapshot] answers what would still
// fit, for the offerings of a view.
//
// It never calls a cloud, knows no instance types and imports nothing of the
// project but its own bookkeeping.
//
// # Vocabulary
//
// A limit has a name that the provider gives it: "standard vCPUs, spot". A need
// is how much of a limit an instance takes; an offering may have several, for
// instance of its family and of the region. What is left of a limit is the limit
// less its usage less what is in flight.
//
// # Invariants
//
// Launches that were let through never together take more than was left. A limit
// that is not known stops nothing.
//
// # Cost
//
// Asking a snapshot is one look-up for each need. Taking is linear in the
// launches in flight.
//
// Start reading at tracker.go.
package quota
