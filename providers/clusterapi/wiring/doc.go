// SPDX-License-Identifier: Apache-2.0

// Package wiring builds the provider of Cluster API and its controllers out of their parts:
// the only place that knows all of them.
//
// It decides nothing but who is told what. The binary calls [Start], which connects to the
// management cluster; tests that bring one of their own call [New].
//
// Start reading at start.go, then parts.go and controllers.go.
package wiring
