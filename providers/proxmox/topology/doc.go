// SPDX-License-Identifier: Apache-2.0

// Package topology says what a host's CPUs and memory look like: sockets, NUMA nodes,
// last-level caches, cores.
//
// # What it decides
//
// [Resolve] puts together what is known of a host. The API tells a model and a few
// figures, of which the rest is estimated; a capacity machine tells the true NUMA nodes;
// the user's file has the last word.
//
// # What it never does
//
// It knows nothing of what runs on a host, and reads no file.
//
// # Vocabulary
//
// A CPU is a logical one. With C cores, the CPUs i, i+C, i+2C, ... are threads of core i.
//
// # Start reading at
//
// host.go, then estimate.go, settings.go, capacitymachine.go.
package topology
