// SPDX-License-Identifier: Apache-2.0

// Package world makes small random clusters: nodes with pods, node pools with
// instance types, and pods that wait.
//
// # Vocabulary
//
// A [World] is made of Kubernetes objects only, as an API server would hold
// them after defaulting. A workload is a pod template with replicas, so that
// pods come in equal ones, as they do in life.
//
// # Invariants
//
// All names, labels and amounts come from tiny sets, so that rules of different
// workloads meet in almost every world. Choices are drawn evenly and the first
// of each is the plainest: a world that fails shrinks towards nothing special.
//
// Start reading at world.go.
package world
