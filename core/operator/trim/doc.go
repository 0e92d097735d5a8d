// SPDX-License-Identifier: Apache-2.0

// Package trim makes cached objects small: it drops what no controller reads
// before an object enters the watch cache, where most of the memory of the
// process is.
//
// It decides what is kept of pods, nodes, DaemonSets, and of the Services and
// controllers that pods belong to; of every other kind only the bookkeeping of
// field managers is dropped, of LimitRanges all of it but the times. It never touches what a
// scheduling decision, a drain or a metric reads.
//
// Invariants: what is dropped of an object must not be written by anybody who
// read the cache. Writes are therefore patches computed from the cached object
// (package patch), which do not mention dropped fields; a full update of a
// trimmed kind would erase them.
//
// Start reading at [CacheOptions].
package trim
