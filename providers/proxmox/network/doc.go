// SPDX-License-Identifier: Apache-2.0

// Package network gives machines their addresses.
//
// # What it decides
//
// Which interfaces a machine has ([Interfaces]), which address of a pool it gets
// ([Book.Allocate]), and which follows from its MAC address ([SLAAC]).
//
// # What it never does
//
// It reads nothing: whoever does tells the [Book] which addresses are taken.
//
// # Vocabulary
//
// A pool is a network that is given in place of an address: its first address, without
// host bits. A bridge's own address is the host's on it.
//
// # Invariants
//
// No address is given twice while it is taken, whoever took it, across all regions.
//
// # Cost
//
// An allocation looks at the addresses from its start to the first that is free.
//
// # Start reading at
//
// interface.go, then book.go.
package network
