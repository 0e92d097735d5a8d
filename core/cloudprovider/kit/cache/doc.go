// SPDX-License-Identifier: Apache-2.0

// Package cache keeps what was read from a cloud lately, and knows how old it is.
//
// # What it holds
//
// A [Cache] reads values by key through one function and keeps each for a time.
// Near the end of that time it reads anew in the background; when that fails it
// goes on with the old value and says so. What it does is specified in
// docs/spec/provider-kit.md (KIT-090 to KIT-096), the times in CP-086.
//
// It knows no cloud. It polls nothing: a key that nobody asks for is not read. It
// writes nothing to disk. Repeats of throttled calls are package retry's; a rate
// limit for calls that write is golang.org/x/time/rate.
//
// # Vocabulary
//
// A load is one read of a key. A value is fresh for its time to live, and stale
// after. A negative answer is an error that tells a fact, as that a thing does not
// exist, and is kept like a value for a time of its own. A streak is failed loads
// of a key with no success between them.
//
// # Invariants
//
// There is one load of a key at a time, however many ask, but for one that began
// before the key was invalidated or put: it is never given to who asks after. Who
// stops waiting leaves the others theirs. There are never more entries than the bound.
//
// # Cost
//
// A hit is one lock and two map look-ups, and no allocation. A load has a
// goroutine, which ends with it and at the latest with Close.
//
// Start reading at cache.go, then load.go.
package cache
