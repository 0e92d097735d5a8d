// SPDX-License-Identifier: Apache-2.0

// Package staleness keeps a controller from acting twice because its cache has
// not caught up with its own writes (LIF-007).
//
// A [Tracker] remembers, for each object the controller wrote, the resource
// version of that write, or that its deletion was requested or its finalizer taken
// off, until a read has caught up. A pass that reads something older ends at once: the newer version
// is on its way through the watch and brings the next pass.
//
// It holds an entry only between a write and the read that follows it; a
// controller that finds an object gone must call [Tracker.Forget].
package staleness
