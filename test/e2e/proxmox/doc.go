// SPDX-License-Identifier: Apache-2.0

// Package proxmox is the end-to-end suite of the provider for Proxmox VE: an unmodified
// controller binary talks to two simulated clusters, whose machines join a local control
// plane if their boot data would have booted.
//
//	make e2e PROVIDER=proxmox
//
// The token has the documented privileges and no others. At the end the suite sees that they
// were enough and, if every spec ran, that all were needed; and the same of the chart's rules
// in the cluster.
//
// Specs run one after the other: what they do to the clusters is done to everybody in them,
// and put back after each.
//
// Start reading at acceptance_test.go.
package proxmox
