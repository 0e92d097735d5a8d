// SPDX-License-Identifier: Apache-2.0

// Package fake is a cloud in memory: a complete provider for the tests of core,
// and a small model of what every provider does.
//
// # What it does
//
// Machines are entries of a map. A launch resolves the NodeClass, passes the
// gates of CP-011, picks the cheapest offering of the preferred capacity type
// and describes the machine as CP-019 asks for. A repeated Create for one UID
// finds the machine again. Nothing here talks to an API server: NodeClasses come
// through [Options], and Nodes are the business of the test, which gets the one
// a machine would register from [NodeFor].
//
// # Failure injection
//
// Any operation can be made to fail once, several times or until further notice
// ([Provider.FailNext], [Provider.FailAlways]) and to take time
// ([Options.Latency]). An offering can be sold out without anybody knowing
// ([Provider.SellOut]): the launch that finds out is refused and the offering is
// unavailable for [Options.UnavailableFor], as in a real cloud. Machines can
// take time to show up and to go ([Options.VisibleAfter],
// [Options.TerminationTime]).
//
// # Invariants
//
// Safe for concurrent use. Time comes from the clock in Options alone, nothing
// is random, and names depend on the NodeClaim's UID only.
//
// Start reading at provider.go.
package fake
