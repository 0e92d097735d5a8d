// SPDX-License-Identifier: Apache-2.0

// Package topology decides in which domains a pod may land: spread constraints,
// pod affinity and anti-affinity, and the anti-affinity of others.
//
// # What it holds
//
// A [Group] is one rule with the bound pods counted for it by domain; it is part
// of a snapshot and immutable. A [Tally] is what a run makes of a group: the
// same counts, plus the pods it has placed.
//
// # Vocabulary
//
// A domain is a value of the topology key. A tally knows those of nodes that exist
// or that the run plans; each pod adds those where it could get a node ([View]).
// For the hostname every node is a
// domain of its own, so a run asks about one node at a time and the cost does
// not depend on how many there are. For all other keys a run asks once for each
// pod which domains are allowed, in order of preference ([Tally.Allowed]), and
// then looks for a node there: the choice of a domain becomes an ordinary
// requirement on the node.
//
// # Cost
//
// Allowed is linear in the known domains of the key; everything about the
// hostname is a map lookup.
//
// Imports the standard library and engine packages only.
package topology
