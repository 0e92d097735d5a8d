// SPDX-License-Identifier: Apache-2.0

// Package price is a provider's price book: what an hour of each offering costs,
// and what to think while nobody says (KIT-040 to KIT-055, CP-064 to CP-066,
// CP-126).
//
// # What it holds
//
// A [Book] of what the cloud said ([Book.Update]), what is embedded at build time,
// the shapes of the types on sale ([Book.SetShapes]) and the user's own prices
// ([ReadFile], [Book.SetFile]). [Book.Snapshot] answers: [Snapshot.Price] gives a
// [Quote], which says where it comes from. Where nothing does, an estimate stands
// in, made of what types of the same family cost for each vCPU, GiB and
// accelerator.
//
// It never calls a cloud or reads a disk. Beside the contract it imports a YAML
// reader and, for one gauge, prometheus.
//
// # Vocabulary
//
// The list price is what holds without the user's file. A shape is what an
// estimate is made from. A kind is a wider group than a family, of types that
// cost alike: the provider says which.
//
// # Invariants
//
// Prices are finite and not negative. An estimate is never the base of another.
// Equal inputs give equal prices, whatever the order of types, rows of a map or
// updates.
//
// # Cost
//
// A lookup is a few look-ups in maps plus the file's patterns. A snapshot is made
// after a change only; fitting is linear in the types times some 50 rounds.
//
// Start reading at book.go, then snapshot.go, estimate.go and file.go.
package price
