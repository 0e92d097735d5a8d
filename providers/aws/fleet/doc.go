// SPDX-License-Identifier: Apache-2.0

// Package fleet launches machines by CreateFleet, many NodeClaims with one call
// (AWS-290 to AWS-294, AWS-325, AWS-430 to AWS-434, CP-090 to CP-092).
//
// # What it decides
//
// Which requests share a fleet ([Divide]), what the fleet is asked for ([Plan]), and what
// its answer means for each request. All of that is pure. [Launcher] carries it out: it
// collects requests for a moment, holds launch templates and addresses, makes the calls,
// marks what cannot be had and gives out the machines.
//
// It chooses no types and writes no user data; a request says what may be launched.
//
// # Vocabulary
//
// A request is one machine that somebody waits for. Its terms are what it must have in
// common with all that share its fleet; its offers are the ways to launch it. A part is
// some requests and the offers that their fleet has. A round is one fleet for each part;
// who got nothing from a fleet although its own offers are more comes into the next.
// Surplus are machines that nobody waits for any more.
//
// # Invariants
//
// Nobody gets a machine that its own offers do not have. No request is lost: each gets a
// machine or an error. What EC2 says was launched is given to a request, or is surplus,
// once, however often EC2 says so; what is known to be ending is neither. A round never has
// more calls than requests. A call whose answer was lost is repeated with the same token,
// and launches nothing twice.
//
// # Cost
//
// Dividing n requests with m kinds of lists of o offers takes about n·o + m²·o/64 steps.
// Calls are made at the same time, bounded by Options.Calls.
//
// Start reading at request.go, then divide.go, then launcher.go.
package fleet
