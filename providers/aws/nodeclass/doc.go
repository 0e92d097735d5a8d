// SPDX-License-Identifier: Apache-2.0

// Package nodeclass says what an EC2NodeClass means in the account: it has the
// resolvers behind its conditions (AWS-080), the checks and the dry run behind
// ValidationSucceeded (AWS-085 to AWS-089), and what is cleaned up at its end
// (AWS-093).
//
// The controllers themselves are those of karpenter.sh/core/cloudprovider/kit/nodeclass;
// this package is what they are given. It finds nothing out by itself: images, networks,
// reservations, groups and profiles have packages of their own, which it asks through
// interfaces.
//
// # Invariants
//
// A resolver changes nothing but its own part of the status. An error leaves that part
// as it was (AWS-081).
//
// Start reading at resolvers.go, then validation.go and dryrun.go.
package nodeclass
