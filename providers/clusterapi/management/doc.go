// SPDX-License-Identifier: Apache-2.0

// Package management finds the management cluster: how to connect to it, and which version
// of Cluster API it speaks (CAPI-007, CAPI-008, CAPI-121).
//
// It decides which of the settings counts: the kubeconfig file, then the URL, then the
// workload cluster itself. What cannot be right is an error that ends the process. No error
// tells the token.
//
// Start reading at config.go.
package management
