// SPDX-License-Identifier: Apache-2.0

// Package wiring builds the provider of Proxmox VE and its controllers out of their parts:
// the only place that knows all of them.
//
// It decides nothing but what is asked at the start, and who is told what. No cluster has
// to be reachable at the start (PVE-013). The binary calls [Start]; tests that bring a
// process of their own call [New].
//
// Start reading at start.go, then parts.go, files.go and controllers.go.
package wiring
