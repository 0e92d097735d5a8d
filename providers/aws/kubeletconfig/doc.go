// SPDX-License-Identifier: Apache-2.0

// Package kubeletconfig reads spec.kubelet of an EC2NodeClass: what is wrong with it,
// what an image family cannot be given, and what its expressions come to on an
// instance type (AWS-020 to AWS-026, AWS-435).
//
// # What it holds
//
// A [Reader] has the environment of expressions and keeps what it read and compiled.
// [Reader.Check] is for the NodeClass controller, [Reader.Read] and [Config.Resolve]
// are for listing types and launching them, [Config.Evaluate] tries the expressions on
// every type. What the fields mean is package kit/kubelet's; the numbers of a type
// come as [Variables].
//
// It talks to nobody, reads no clock and does not log: dropped entries are returned.
// It may not import other packages of the provider but apis.
//
// # Vocabulary
//
// An expression is a text of the Common Expression Language in place of a number. A
// violation is a reason of the condition ValidationSucceeded with all that has that
// reason.
//
// # Invariants
//
// What is read here is never half used: a configuration that breaks a rule is an error,
// not the defaults. Nothing written in a NodeClass makes it panic, or compute for long:
// the length of an expression and the cost of its evaluation are bounded. Answers
// depend on the arguments only, so they are kept by the text, in bounded number.
//
// Start reading at reader.go, then expression.go and resolve.go.
package kubeletconfig
