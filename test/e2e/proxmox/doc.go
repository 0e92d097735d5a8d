// SPDX-License-Identifier: Apache-2.0

// Package proxmox holds the end-to-end tests of the provider for Proxmox VE: the process
// itself, in a local cluster, against simulated clusters whose machines join it if their
// boot data would have booted.
//
// What the tests change in the simulated clusters is put back after each.
//
// Start reading at acceptance_test.go.
package proxmox
