// SPDX-License-Identifier: Apache-2.0

// Package benchmark measures the engine as a scheduling round uses it: from
// Pod objects to a plan. It holds the workloads, the catalogue and the
// benchmarks; nothing imports it.
//
// An operation of BenchmarkPlan compiles every pod and solves once. Node pools
// and instance types are compiled before the clock starts, as they are in a
// running controller, where only a change of theirs compiles them again. Cost is
// compared with two lower bounds that ignore all rules but resources: cost/bound
// cuts pods to fill nodes up ([Bound]), cost/configuration keeps them whole
// ([ConfigurationBound]).
//
// Some cases need data from beside the repository: they are skipped where it is
// absent.
//
// An operation of BenchmarkWhatIf asks where the pods of one node of a standing
// cluster would go if the node were gone.
package benchmark
