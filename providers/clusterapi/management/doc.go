// SPDX-License-Identifier: Apache-2.0

// Package management finds the management cluster, and is what the process knows of it: how
// to connect to it, which version of Cluster API it speaks, its cache, and whether it answers
// (CAPI-007 to CAPI-010, CAPI-121).
//
// # What it decides
//
// Which of the settings counts: the kubeconfig file, then the URL, then the workload cluster
// itself. What cannot be right is an error that ends the process. No error tells the token.
// When a silence is an outage, and when the process must end to speak another version.
//
// # What it never does
//
// It waits for nothing: until the cache was filled once, and while the cluster does not
// answer, errors say so. It takes no fence and no rate limit into its own hands: they come
// with the configuration.
//
// # Vocabulary
//
// The cache is filled when all that there is has been read once; from then on it is served,
// however old. A bell tells who waits that something has changed since they asked.
//
// # Cost
//
// One watch of each of four kinds, and one small request every ten seconds, which no rate
// limit delays.
//
// Start reading at config.go, then cluster.go and watch.go.
package management
