// SPDX-License-Identifier: Apache-2.0

// Package address chooses networks by the addresses they have left (KIT-030,
// KIT-031, KIT-036 to KIT-039, CP-113).
//
// # What it holds
//
// A [Pool] of free addresses by network as the cloud said last, less what
// launches since then take. [Pool.Reserve] chooses a network for each zone of a
// launch and takes its addresses; [Pool.Settle] and [Pool.Release] tell the
// outcome; [Pool.Read] is told what the cloud counts.
//
// It never calls a cloud. It marks nothing by itself: that a full network makes a
// zone unavailable is said through package health.
//
// # Vocabulary
//
// A network is a subnet, vSwitch or the like; the usable ones are those that a
// NodeClass selects. A need is how many addresses a launch takes from its network.
//
// # Invariants
//
// Launches that were given a network with a reading never together take more
// than was free. Equal choices fall to the first in the order given.
//
// # Cost
//
// Linear in the networks asked about and the launches in flight on them.
//
// Start reading at pool.go.
package address
