// SPDX-License-Identifier: Apache-2.0

// Package selection says which MachineDeployments take part, and which of them a NodeClass
// selects (CAPI-014, CAPI-015).
//
// These are functions of values; nothing is read and nothing is told. Whether a deployment
// can be scaled now is another question: see package stock.
//
// Start reading at selection.go.
package selection
