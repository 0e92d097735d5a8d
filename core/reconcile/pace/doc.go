// SPDX-License-Identifier: Apache-2.0

// Package pace keeps a controller from doing something to an object more often
// than it should, whatever wakes it: polls of the provider, retries of a launch,
// periodic checks.
//
// It holds one time for each object that was paced, in memory only, and decides
// nothing about what is done. A controller that finds an object gone must call
// [Pace.Forget]. An object of the same name and another UID starts afresh.
package pace
