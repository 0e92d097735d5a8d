// SPDX-License-Identifier: Apache-2.0

// Package oracle proves the scheduling engine against the real kube-scheduler,
// on thousands of small random clusters.
//
// # What it proves
//
//   - Placements: for every pod that a plan places there is an order in which the
//     scheduler's own filters take it, on whatever machines a provider may make
//     of the plan (placements_test.go).
//   - Completeness: a pod that a plan leaves over fits nowhere, as trying
//     everything confirms (completeness_test.go).
//   - Explanations: what is told of a pod and an existing node, before any pod has
//     its place, is what each kind of the scheduler's filters says
//     (explanations_test.go).
//   - Validators: limits, minValues, order of prices, reservations; the same
//     plan for the same question on any number of processors; and no plan that
//     changes its question or shares memory (validators_test.go).
//   - Worlds: enough of them hold what is worth trying, and enough plans place
//     their pods or are packed anew (richness_test.go).
//
// Plans are made the way provisioning makes them, from objects to NodeClaims.
//
// # What it leaves out
//
// Two pods that wait for one and the same PersistentVolume: the scheduler binds it
// to one of them, and the other waits for the next round. Labels whose values are made up for new nodes, as far as topology rules are
// about them, and DaemonSet pods that such rules would select on new nodes: the
// engine does not know the former, and of the latter only what they do to rules
// on the hostname (SCH-128). Which nodes the scheduler would rather take: its
// scores are its own.
//
// One world in tens of thousands fails because of SCH-165: pods on new nodes
// whose domains are open count nowhere, and two kinds of pods that are spread
// over different keys may each have to go first. Such pods wait for the next
// round.
//
// # Running it
//
// It is a module of its own, outside the workspace, because it depends on all of
// the scheduler: "make oracle". A world that fails is shrunk and printed;
// -rapid.seed replays it.
//
// Start reading at placements_test.go, then in internal: world, round, replay
// and scheduler, exhaust.
package oracle
