// SPDX-License-Identifier: Apache-2.0

// Package reference compares what a running Karpenter shows with the reference of its
// binary: the file signals.json, which is generated from the code.
//
// # What it never does
//
// It reads nothing of the cluster: metrics and events are passed in. It judges names,
// types and labels, never values.
//
// Start reading at [Load].
package reference
