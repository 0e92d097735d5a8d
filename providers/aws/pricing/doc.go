// SPDX-License-Identifier: Apache-2.0

// Package pricing fills the price book with what AWS says, and with what users say
// (AWS-231 to AWS-234, AWS-446).
//
// # What it holds
//
// [Prices] has a book of package price. Its sources are the price list, the history of
// spot prices, the user's file, and overlays that give a type its only price. Each is
// read at its own pace ([Prices.Refresh]); one that fails keeps what it gave before,
// stops no other and is tried again with back-off. [Controller] goes on with that.
//
// There is no table of prices in the binary: until the price list has answered, and where
// it cannot be reached, prices are estimated from the shapes of the types and say so.
// Whoever knows the types gives their shapes to the book.
//
// # What it may not import
//
// Anything of the provider.
//
// # Invariants
//
// Prices are in one currency per region. An answer is taken whole or not at all.
//
// Start reading at prices.go, then ondemand.go and spot.go.
package pricing
