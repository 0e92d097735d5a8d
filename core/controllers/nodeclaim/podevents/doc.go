// SPDX-License-Identifier: Apache-2.0

// Package podevents notes on each NodeClaim when a pod last came to its node or
// left it, which is what consolidation waits to calm down. It is the controller
// nodeclaim.podevents.
//
// # What it decides
//
// Which changes of a pod count: being bound, ending, starting to terminate, and
// vanishing without having been seen to terminate. Daemon pods do not count, and
// neither do pods that were there when the watch began, or every restart would
// postpone the consolidation of the whole cluster.
//
// # Invariants
//
// Between the moment an event is seen and the moment the NodeClaim in the cache
// shows it, [Controller.Unsettled] knows of it, so that nobody takes a busy node
// for a quiet one. The status is written at most every ten seconds for each
// NodeClaim.
//
// # Cost
//
// A pod event costs one map access; a burst of events on one node is one write.
//
// Start reading at watch.go.
package podevents
