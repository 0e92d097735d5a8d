// SPDX-License-Identifier: Apache-2.0

// Package disrupt decides which nodes to give up voluntarily, in which order
// and how many at a time, and which stay for which reason.
//
// # What it decides
//
// A [Method] ([Emptiness], [Drift], [Consolidation]) takes a [State] and returns a
// [Decision]: the commands, and for each other node one structured [Refusal]. The
// same method decides again over a fresh state before commands are started
// (Validate) and over the pods of one node right before it is given up (Confirm).
// Where the pods of nodes would go is asked of the state's [Question], which package
// place answers. Beside the methods stand the rules that they share: what blocks a
// node, what moving its pods costs and when that has paid, how many nodes a pool's
// budgets leave, when a node counts as quiet.
//
// # What it never does
//
// It reads no clock, logs nothing, publishes nothing and changes nothing that it
// is given. Imports the standard library and engine packages only.
//
// # Vocabulary
//
// A node is blocked when no method of some class may take it, and eligible when
// the method at hand may; a candidate is both free of blockers and eligible. A
// node is held while a command that was decided on earlier still is about it. It
// is leaving when it is marked for deletion, whoever asked for that. A command
// gives nodes up; it is no command to anyone before the validation of its method
// has passed.
//
// # Invariants
//
// The same state gives the same decision, in whatever order its nodes are
// listed. A command never has a blocked node, never a node twice, and never more
// nodes of a pool than the pool's budget leaves. What is not known counts
// against disruption: a node of an unknown pool is blocked, and a pool without a
// budget leaves nothing.
//
// # Cost
//
// A decision costs the nodes and their pods, and the sorting of the candidates. A
// method that asks pays a placement for each candidate beside that; consolidation a
// second one with a search for the cheapest machines where it may pay, and some for
// sets of nodes.
//
// # Where to start reading
//
// [Method] and [Command], then [Emptiness] in emptiness.go and the table of blockers
// in blockers.go. Consolidation is in consolidation.go and the files search*.go; what it has to
// be worth is in worth.go, what a replacement has to be is in bargain.go.
package disrupt
