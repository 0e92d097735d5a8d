// SPDX-License-Identifier: Apache-2.0

// Package fault lets calls go wrong on purpose, by rules that tests write.
//
// # What it holds
//
// A [Rule] says which calls it is for and what happens to them; [Rules] is an
// ordered list, of which the first that matches is applied. [Parse] reads rules from
// JSON.
//
// # What it never does
//
// It carries nothing out: [Rules.Next] tells the cloud what to do with one call.
//
// # Vocabulary
//
// A rule counts the calls it matches. Nth is the first of them that goes wrong,
// Times how many from there on.
//
// # Start reading at
//
// rule.go.
package fault
