// SPDX-License-Identifier: Apache-2.0

// Package performance says how fast Karpenter has to be, how full its nodes and how
// small itself, and writes down how it was.
//
// # What it holds
//
// [Bounds] of the phases of each scenario (OPS-280), what somebody changes of them
// (OPS-282), and the [Report] of a phase (OPS-283). A [Sampler] asks the controller what
// it uses (OPS-279); a [Profiler] keeps the profiles of the moments when that was most.
//
// # What it never does
//
// It knows no cluster: the scenarios are in test/e2e/performance.
//
// # Vocabulary
//
// A scenario is played in phases, such as scale-out and consolidation. The key of a phase
// is scenario/phase, such as basic/scaleOut.
//
// Start reading at [Report].
package performance
