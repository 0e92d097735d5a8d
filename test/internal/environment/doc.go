// SPDX-License-Identifier: Apache-2.0

// Package environment is what a test sees of a cluster: it creates objects,
// waits for what they should lead to, tells what went wrong, and cleans up.
//
// # What it holds
//
// One client of the API server, the handle on the Karpenter under test, and the
// random suffix that keeps the names of one test apart from those of others.
//
// # What it never does
//
// It reaches into Karpenter by no other way than the Kubernetes API and the
// metrics. It sleeps nowhere: every wait is for a condition, and a wait that
// ends in vain says what it last saw.
//
// Of a test that is not alone it shows and removes nothing but what that test
// made: others run beside it in the same cluster.
//
// # Vocabulary
//
// A pool's nodes and claims are the Nodes and NodeClaims that carry its label. A
// workload's pods are those that carry the label app with its name.
//
// # Cost
//
// A wait reads what it judges from the API server five times a second.
//
// # Where to start reading
//
// [Environment.Begin] and [Environment.End], which frame each test, and
// [Environment.Create], which makes objects its own.
package environment
