// SPDX-License-Identifier: Apache-2.0

// Package instancetype knows the instance types that EC2 sells and what they are for
// an EC2NodeClass: labels, resources, overhead, offerings (AWS-120, AWS-121, AWS-200
// to AWS-236, AWS-352, AWS-362).
//
// # What it holds
//
// A [Provider] keeps the catalogue of the region, refreshed by [Provider.Refresh], and
// what nodes were seen to have of memory ([Provider.Observe]). [Provider.List] gives
// the types of a NodeClass as they are now, [Provider.Machine] what a launch of one of
// them must tell its kubelet; both compute by the same functions. It may not import the
// packages that discover images, subnets or reservations: what those found is in the
// status of the NodeClass.
//
// # Vocabulary
//
// A description is a type as EC2 describes it, with the zones that sell it. A subject
// is a NodeClass with its placement group, as far as types depend on them. A base holds
// the types of a subject as if all were in stock; a view is the base with what cannot
// be had now.
//
// # Invariants
//
// Equal content is an equal pointer: over refreshes, between NodeClasses that differ in
// nothing that matters here, and after marks have ended. A type that cannot be resolved
// fails the listing; a catalogue that was never loaded is an error, not an empty list.
// What excludes a type makes its offerings unavailable and leaves them in the list.
//
// # Cost
//
// List in steady state makes no call: it writes the key of the subject, looks up base
// and view, and copies the list of pointers. A new base costs a few microseconds for
// each type, a new view some 100 ns for each offering. Machine computes what no launch
// asked for before, and looks up the rest.
//
// branch_interfaces.json is written by the program in the directory generate.
//
// Start reading at provider.go, then base.go and machine.go.
package instancetype
