// SPDX-License-Identifier: Apache-2.0

// Package question assembles what the engine is asked about a cluster: which pods,
// beside which nodes, from which node pools, under which topology rules.
//
// It is the only place where a snapshot of the live model, Kubernetes objects and
// intake become a [place.Input]. Provisioning asks about pods that need a node,
// disruption about the pods of nodes that would go. Callers read the objects; this
// package reads no cache and no API, knows no clock, and keeps nothing.
//
// Start reading at [New] and [Question.Input].
package question
