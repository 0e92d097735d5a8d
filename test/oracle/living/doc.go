// SPDX-License-Identifier: Apache-2.0

// Package living lets clusters live: virtual time, no API server, the real
// kube-scheduler with preemption, models of what else a cluster consists of, and
// this project's own controllers, round after round.
//
// # What it proves
//
// Of random worlds, with random things happening in them: once they are left
// alone,
//
//   - every pod that can run runs; the scheduler itself is asked about every node
//     that could be launched for one that waits,
//   - nothing is launched any more, and the nodes stay the same,
//   - no pod got a second node while the first served it,
//   - every NodeClaim has its Node and its instance, and the other way round,
//   - the live model promises no more room than the scheduler finds,
//   - after everything is deleted the live model is empty.
//
// Of worlds whose cloud lies (less allocatable than it says, devices that never
// register, taints that come late): nobody buys without end.
//
// Small worlds that went wrong once are told one by one: daemons_test.go,
// spreads_test.go, runaway_test.go.
//
// # How it is built
//
// Package timeline runs actions by virtual time on one goroutine; package store
// is the API server with caches that may be late; package kube holds the models,
// which ask package scheduling; package process drives this project's
// controllers by hand; package world joins them. Packages draw and play make up
// worlds and let things happen, package judge says what is wrong. What is decided
// depends on the draws alone, so that a world that fails shrinks.
//
// # What it leaves out
//
// The scheduler's VolumeBinding: package kube has a model of it. Backoff and
// queueing of the scheduler. Webhooks, leader election, the conditions of
// NodePools. Pod events are noted on NodeClaims by the world.
//
// # Running it
//
// "make world". A world that fails is shrunk and printed; -rapid.seed replays it.
//
// Start reading at random_test.go, then in internal: world, kube, process, judge.
package living
