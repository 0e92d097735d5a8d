// SPDX-License-Identifier: Apache-2.0

// Package batch makes one request to a cloud out of those of many callers.
//
// # What it holds
//
// A [Batcher] collects callers with equal parameters for a moment, has one
// request made for them and gives each its own result. Four ways to make the
// request: [New] for calls that answer item by item, [NewByID] for calls about
// named things (describe, terminate), [NewLaunch] for calls that return some
// number of equal things, [NewPiecewise] for calls that divide their callers
// themselves. What they do is specified in docs/spec/provider-kit.md
// (KIT-080 to KIT-089, KIT-210), the values in CP-090.
//
// It knows no cloud and no kind of error. It does not retry a request that
// failed; what is missing from an answer, or one bad ID that spoils an answer, it
// asks for again in smaller requests.
//
// # Vocabulary
//
// A caller is one call of [Batcher.Do]. Its key is everything that callers must
// share to be served by one request; its item is what is its own. A group is the
// callers of one key that one request serves. A window is the time in which a
// group collects callers. A surplus is a machine that no caller is left for.
//
// # Invariants
//
// A caller gets the result of its own item, or an error, once. It waits no longer
// than its context, and no longer than window, queue and one request. A caller
// that leaves takes nothing from the others. A request is made only for callers
// that still wait when it starts. What was launched is given to a caller or to
// the function for surplus machines, never dropped.
//
// # Cost
//
// Two goroutines and two timers for each group; nothing is kept between groups.
// Keys are compared, not hashed into each other: take as key a struct of strings,
// or a canonical text of the parameters.
//
// Start reading at batcher.go, then group.go.
package batch
