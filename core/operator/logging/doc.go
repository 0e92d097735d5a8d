// SPDX-License-Identifier: Apache-2.0

// Package logging makes the one logger of the process: a JSON object for each
// record, with the keys that log queries rely on (OPS-072).
//
// It decides how records look, which are dropped (by level, by sampling, and
// the announcements of published events), which records of libraries are debug
// records, and how structured errors unfold into
// fields. It never decides what is logged: that is up to whoever holds the
// logr.Logger.
//
// Vocabulary: a record is one line; a structured error is one of operatorpkg's
// serrors, which carries keys and values; a sink is where records go.
//
// Invariants: no record has a stack trace; libraries log through the same
// sinks after [Logger.Install]; nothing more verbose than V(1) is written.
//
// Start reading at [New], then core.go.
package logging
