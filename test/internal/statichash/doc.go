// SPDX-License-Identifier: Apache-2.0

// Package statichash computes static hashes from the text of the specification
// (API-094), for objects that another Karpenter has left in a cluster.
//
// # What it holds
//
// The algorithm, and the hash of a NodePool's template as far as tests fill it in.
//
// # What it never does
//
// It imports nothing of the product: what a test expects of hashes must not be the
// product's judgement of itself.
//
// Start reading at [Template].
package statichash
