// SPDX-License-Identifier: Apache-2.0

// Package queue carries commands through that have been started: it waits until the
// replacements are in service, looks once more at the pods of each node, deletes
// its NodeClaim, and takes the command back where that cannot be done. It is the
// controller disruption.queue.
//
// # What it decides
//
// Nothing about which nodes go: whether a node may still go is the method's word
// about the pods as the API server has them now. The queue decides when a command
// is done, when it is tried again and when it has failed.
//
// # Vocabulary
//
// A candidate is open until its NodeClaim is deleted or it has been released. A
// released candidate is rolled back: neither tainted nor marked for deletion, and
// free to be considered again.
//
// # Invariants
//
// Commands share no candidate and wait for none of each other (DIS-132). No
// candidate goes before all replacements have been in service, and none after one
// of them is gone. The candidates of a divisible command are independent: one that
// may not go any more is released alone. Of any other command it means the end:
// what has not gone yet stays, and so do replacements. A deletion names the UID of the NodeClaim that
// was judged, and is counted once. Each command ends, at the latest when it has
// timed out. Everything is in memory; what a lost command leaves behind is found
// by the next pass of the disruption loop.
//
// # Cost
//
// One read of its pods from the API server and one deletion for each node.
//
// Start reading at queue.go, then carry.go.
package queue
