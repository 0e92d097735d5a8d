// SPDX-License-Identifier: Apache-2.0

// Package election decides by a Lease which one of several replicas works, and
// keeps the others from writing.
//
// It holds the lock that the manager renews ([Election.Lock]), the events about
// who leads, and the [Fence] around the main client and the provider. It never
// runs the election: the manager does.
//
// Vocabulary: the holder is the replica that the Lease names; a renewal is a
// write that keeps it so.
//
// Invariants: requests about the Lease never wait for other traffic (OPS-047). A
// replica that has not renewed for so long that it must count as lost, or that
// sees somebody else hold the Lease, writes nothing any more, neither in the
// cluster nor in the cloud, and [Fence.AwaitLoss] tells its process to end
// (OPS-059).
//
// Start reading at [New], then fence.go.
package election
