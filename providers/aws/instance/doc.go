// SPDX-License-Identifier: Apache-2.0

// Package instance knows machines: what EC2 tells of them, and the calls about those
// that exist (AWS-320 to AWS-325, AWS-368).
//
// # What it holds
//
// [Instance] is a machine as the provider sees it; [FromEC2] reads one. [Instances] gets,
// lists, terminates and tags: calls by ID share requests, and machines that were seen
// last are remembered.
//
// It launches nothing, and knows neither NodeClaims nor instance types.
//
// # Vocabulary
//
// A machine is gone when EC2 says that it does not exist, or that it is terminated. It is
// ending while it is shutting down. Fresh is what EC2 says now.
//
// # Invariants
//
// Gone is only what EC2 positively says to be gone (CP-027). A list is complete or an
// error (CP-028). A machine that was just launched, and that EC2 does not show yet, is not
// taken for gone.
//
// # Cost
//
// What is remembered costs no call. Up to 500 IDs share a call; a list costs one call for
// each 1,000 machines.
//
// Start reading at instance.go, then instances.go.
package instance
