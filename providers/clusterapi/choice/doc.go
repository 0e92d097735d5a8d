// SPDX-License-Identifier: Apache-2.0

// Package choice says which MachineDeployment a NodeClaim gets its Machine from
// (CAPI-033, CAPI-034).
//
// It is a function of values. Each deployment is compiled by itself, so that what is
// chosen is a deployment, and not an offering that several may be behind.
//
// Start reading at choice.go.
package choice
