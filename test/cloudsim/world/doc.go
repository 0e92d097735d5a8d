// SPDX-License-Identifier: Apache-2.0

// Package world holds what every simulated cloud has: capacity, prices, quotas,
// addresses, identifiers, and things that happen later.
//
// # What it holds
//
// [Stock] is how many machines can still be had; [Prices] what spot machines cost,
// moving with time; [Quotas] what an account may use; [Addresses] the free addresses
// of a subnet; [IDs] new identifiers; [Agenda] what happens later.
//
// # What it never does
//
// It speaks no protocol and knows no cloud. It reads no clock: the time is passed in.
//
// # Invariants
//
// The same seed and the same calls give the same identifiers and prices. What is
// taken and given back leaves no trace. All types are safe for concurrent use,
// except [Addresses], which its owner guards.
//
// # Cost
//
// Each operation is a look-up, except [Stock.Set] and [Agenda.Run], which are linear
// in the pools in use and in the events that are due.
//
// # Start reading at
//
// stock.go, then agenda.go.
package world
