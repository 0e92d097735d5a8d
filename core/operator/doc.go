// SPDX-License-Identifier: Apache-2.0

// Package operator is the process: it reads the options, connects to the
// cluster, elects a leader, serves the endpoints, and builds and runs every
// controller. It is the only place that knows all of them.
//
// # What it decides
//
// When controllers run (as soon as their kinds are served, on the leader only),
// what they share (one client, one cache, one registry, one clock, one
// vocabulary) and how the process ends. What the controllers do is theirs.
//
// # A provider's binary
//
// A main function calls [Main] with a [Config]: a name, a version, the types of
// its NodeClasses, its flags, and a function that builds the [Provider] from a
// [Setup].
//
// # Vocabulary
//
// A standby is a replica that does not lead. The fence keeps a replica that lost
// the lease from writing. Kinds are served when the API server knows them.
//
// # Invariants
//
// Nothing is written before leadership and nothing after its loss (OPS-059).
// Standby replicas are ready and serve metrics. The globals of libraries
// (loggers, client metrics, the scheme of client-go) are set by [Main] alone.
//
// Start reading at [Main], then run.go, then controllers.go, which lists the
// controllers.
package operator
