// SPDX-License-Identifier: Apache-2.0

// Package quota knows how many vCPUs the account may still launch (AWS-448 to AWS-451).
//
// # What it holds
//
// An [Account] of the quotas that the account has for each way to buy and group of
// families, of what it uses, and of launches that EC2 does not show yet. A [Reader] asks
// Service Quotas and EC2 for the first two; without the permission nothing is limited.
//
// It launches nothing, and chooses nothing: package fleet does.
//
// # What it may not import
//
// Anything that launches or lists machines of the cluster: machines of others count too.
//
// # Vocabulary
//
// A group is families that share a quota (AWS-441). A limit is the quota of one way to
// buy, on demand or spot, and one group; its name is what users are told.
//
// # Invariants
//
// A launch counts once: in flight, or in what EC2 shows. What cannot be read limits
// nothing.
//
// # Cost
//
// A reading is one list of quotas and one of all instances, which is not kept.
//
// Start reading at limit.go, then account.go, then reader.go.
package quota
