// SPDX-License-Identifier: Apache-2.0

// Package instancetype says what shapes of machines there are, and what they are to the
// core.
//
// # What it holds
//
// A [Shape] is how many CPUs and how much memory a machine gets, and what the kubelet
// keeps for itself. [BuiltIn] are those that there are without a file, [Parse] reads a
// file of others, and [Generate] makes one. [Shape.InstanceType] is what a shape is for
// the machines of a NodeClass.
//
// # What it never does
//
// It keeps no account of hosts: which of them have room is told to it.
//
// # Invariants
//
// Every well-known label is defined. Offerings that cannot be had stay, unavailable.
//
// # Start reading at
//
// shape.go, then file.go and instancetype.go.
package instancetype
