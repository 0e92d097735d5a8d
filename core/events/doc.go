// SPDX-License-Identifier: Apache-2.0

// Package events publishes Kubernetes events without flooding the API server:
// it drops what was said within a window, and what exceeds a budget.
//
// # What it never does
//
// Publishing never blocks, never fails and never changes what the caller does
// (OPS-171). What events there are stands in a table ([Kinds]); their constructors live
// with the controllers that publish them.
//
// # Vocabulary
//
// The dedupe values of an event tell it from others of the same reason about
// the same object. An event without any is never dropped as a repetition. The
// gist of an event is what its message says that would be news: a message that
// changed is handed on, although the object was told something else a moment
// ago, up to a handful of them. The window begins when an event is handed on, so
// an event that a rate limiter refuses begins none.
//
// # Cost
//
// One map lookup for each event; the memory holds the keys and gists of events
// whose window is still open.
//
// Start reading at [Recorder]. Tests use package eventstest.
package events
