// SPDX-License-Identifier: Apache-2.0

// Package iam holds what an AWS account must allow for the provider to work, and for
// its machines to join: policies, trust, and the queue with its rules (AWS-421,
// AWS-422). README.md says who needs what.
//
// # What it knows
//
// The documents are files, as AWS takes them but for placeholders such as ${Region}.
// [Render] fills them. A test launches, tags and deletes in the simulated cloud with
// exactly these policies.
//
// # What it may not import
//
// The SDK, or anything of the provider: it makes nothing in the account.
//
// # Invariants
//
// No value can widen a grant: wildcards, quotes and what else is not part of a name
// are refused.
//
// Start reading at render.go.
package iam
