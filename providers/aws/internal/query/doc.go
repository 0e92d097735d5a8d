// SPDX-License-Identifier: Apache-2.0

// Package query is what the packages that look up what a NodeClass selects have in
// common: filters of EC2, queries made side by side, keys of caches.
//
// # What it knows
//
// [Tags], [Filter] and [Selections] write selector terms as filters (AWS-130); [Each]
// makes queries at the same time; [Key] names what a list was resolved from.
//
// # What it may not import
//
// Any other package of the provider but apis/v1.
//
// # Invariants
//
// Equal terms give equal filters in equal order. A term that selects by nothing
// gives no query, for one without filters would select everything in the account.
//
// Start reading at selection.go.
package query
