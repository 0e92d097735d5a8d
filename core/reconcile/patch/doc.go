// SPDX-License-Identifier: Apache-2.0

// Package patch is how controllers write objects that others write too.
//
// # What it holds
//
// A patch names the items that changed, and nothing else: this label, this
// taint, this finalizer, this condition. Whatever others write to the same
// object at the same time neither fails it nor is lost (LIF-004), so that an
// agent that touches a Node every second cannot hold its termination up. No patch
// carries a resource version. Nothing is sent when nothing changed.
//
// An item of a list has no address of its own, only a place. So a patch tests that
// the item is still at the place where it was read, and that the object is the one
// that was read and not a later one of its name. A test that fails is answered as a
// conflict; [Persist] then starts over from what the API server has, at once and a
// bounded number of times.
//
// A change that holds only as long as something else on the object does says so
// with [If].
//
// # Vocabulary
//
// before is the object as it was read, after the copy that the controller
// changed. Metadata and spec are one write, status is another.
//
// # Invariants
//
// A write leaves after as it is, except for its resource version, so that a
// second write can follow the first.
//
// Start reading at [All]; difference.go turns two objects into operations.
package patch
