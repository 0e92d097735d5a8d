// SPDX-License-Identifier: Apache-2.0

// Package network finds the subnets and security groups that a NodeClass selects, and
// chooses the subnets of launches by the addresses they have left (AWS-130 to AWS-133,
// AWS-432).
//
// # What it knows
//
// [Subnets] and [SecurityGroups] list what is selected, in the order of the status
// (AWS-082). [Addresses] counts free addresses: what DescribeSubnets said last, less
// what launches since then take. [Demand] says how many a machine takes.
//
// It marks nothing: that an offering cannot be had is said by who asks
// [Addresses.Full].
//
// # What it may not import
//
// Other packages of the provider but apis/v1 and internal/query; Kubernetes clients.
//
// # Invariants
//
// Every answer of DescribeSubnets is a reading of free addresses. A list is whole or
// an error. Lists returned are the caller's.
//
// Start reading at subnets.go, then addresses.go.
package network
