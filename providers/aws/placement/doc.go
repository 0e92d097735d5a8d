// SPDX-License-Identifier: Apache-2.0

// Package placement finds the placement group that a NodeClass names (AWS-360,
// AWS-361).
//
// # What it knows
//
// [Groups.Resolve] asks the cloud, at most once a minute. [Groups.Last] is what
// listing, launch and drift read; it makes no call.
//
// # What it may not import
//
// Other packages of the provider but apis/v1 and internal/query.
//
// # Invariants
//
// "No group is wanted" and "the group wanted is not known" are never the same answer:
// nothing is launched outside the group of its NodeClass.
//
// Start reading at groups.go.
package placement
