// SPDX-License-Identifier: Apache-2.0

// Package concurrency turns the row that a controller has in the table of
// LIF-260 into the options of its work queue: how many objects are worked on at
// a time, and how fast failures are retried.
//
// Beside it stands [Each], for a reconcile that works on many objects itself.
//
// It holds no state and starts nothing that outlives a call. A [Profile] is a constant of its
// controller; the CPU request of the process is what scales it.
//
// Start reading at [Profile].
package concurrency
