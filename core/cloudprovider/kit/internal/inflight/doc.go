// SPDX-License-Identifier: Apache-2.0

// Package inflight counts what launches take from stocks of which the cloud's own
// figures do not tell yet (KIT-030, KIT-031).
//
// # What it holds
//
// A [Book] of amounts by stock and launch. A launch is begun before the cloud is
// called, settled when it succeeded, released when it failed; a reading of a
// stock drops what it must contain.
//
// It is not safe for concurrent use: who embeds it has the lock, so that checking
// and taking are one step. Time is passed in.
//
// # Invariants
//
// Totals are never negative and never overflow. Nothing is held longer than the
// hold, whatever outcome is lost.
//
// # Cost
//
// Begin, settle and release are linear in the stocks of the launch; totals and
// readings in the launches of the stock.
//
// Start reading at book.go.
package inflight
