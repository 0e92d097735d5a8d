// SPDX-License-Identifier: Apache-2.0

// Package trace says what pods a cluster is asked to run, and when: what package
// simulation replays. It reads lists of pods, and makes up workloads by seed.
//
// # Vocabulary
//
// A slot is the place of one replica: at any time it is wanted with a shape, or it
// is not wanted. A change sets the shape of a slot; a slot that is wanted already
// gets a new pod in the place of the old one. An application is the slots whose
// shapes name it; spread rules and disruption budgets are about applications.
//
// # What it never does
//
// It knows no nodes and no policies, so that all policies replay the same trace.
//
// Start reading at trace.go.
package trace
