// SPDX-License-Identifier: Apache-2.0

// Package simulation replays what a cluster is asked to run, in virtual time and
// without an API server, and measures what a policy of giving up nodes costs: money
// against a lower bound, evictions, launches, pods that wait.
//
// # What it is made of
//
// The engine decides where new nodes are needed, from the live model and with the
// questions that the controllers ask. All else is a simple model: kube-scheduler
// (scheduler.go), the cloud with spot reclaims (cloud.go), workloads and their
// disruption budgets (pods.go), drains (drain.go), the batching of pods
// (provision.go), the loop of disruption (disrupt.go). What is given up is up to a
// [Policy]; those at hand are in package policy.
//
// # What it leaves out
//
// Preemption, priorities, volumes, DaemonSets, startup taints, drift, expiry, more
// than one pool. A command goes on when its replacement fails. kube-scheduler looks
// at all nodes, scores by requests alone and takes the oldest of equal nodes.
// Launches fail only where nothing is for sale.
//
// # Vocabulary
//
// A machine is a NodeClaim with what became of it: ordered, bought, ready, leaving,
// gone. It costs money from the purchase until it is gone. A policy proposes
// commands; a command is started once its validation has passed.
//
// # Invariants
//
// The same options give the same [Report], bit for bit. No time passes but from one
// event to the next, so a cluster in which nothing happens costs nothing. No
// machine holds more than it has room for, and every pod is on at most one;
// [Run] checks that at every hour and fails if it does not hold.
//
// # Cost
//
// A pod costs the scheduler one look at each node. A round of provisioning costs
// what the engine takes. A pass of disruption costs the pods on the nodes that may
// be given up, and what the policy asks.
//
// Start reading at simulation.go, then policy.go.
package simulation
