// SPDX-License-Identifier: Apache-2.0

// Package inventory keeps what was read of each region.
//
// # What it holds
//
// A [Reading] of each region: hosts, storages, templates. It is renewed by
// [Inventory.Refresh], which also has the hosts surveyed into the ledger of capacity, and
// tells the book of addresses what is taken (PVE-050, PVE-084). Beside them stand the
// machines of a region ([Inventory.Machines]), which are read when they are asked for, and
// kept for a moment only.
//
// # What it never does
//
// It changes nothing in a cluster, and judges no machine: whose one is, is for who asks.
//
// # Vocabulary
//
// A region answers if the last attempt to read it succeeded. A host is due when it has not
// been surveyed for a while, or has come back.
//
// # Invariants
//
// A region that does not answer keeps what was read last, and delays no other (PVE-013). A
// reading waits for no survey, and nobody for a reading longer than their context. A
// list of machines is complete or an error.
//
// # Cost
//
// A refresh is three lists for each region, one call for each template, and for each host
// that is due three calls and one for each of its machines that run. Every 15 minutes the
// configurations of all machines are due as well. Machines are one list, and one call for
// each of them that is new, due, being made, or could not be read before; three times that
// at most while machines move. Readings cost none.
//
// # Start reading at
//
// inventory.go, then machines.go.
package inventory
