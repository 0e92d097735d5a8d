// SPDX-License-Identifier: Apache-2.0

// Package connection connects programs and tests to the API server of a cluster.
//
// # What it holds
//
// A [Connection]: the configuration, the kinds that are known, and a client that
// never waits for a rate limit of its own.
//
// # What it never does
//
// It looks for no cluster: the caller names the kubeconfig.
//
// Start reading at [Open].
package connection
