// SPDX-License-Identifier: Apache-2.0

// Package failure says what a launch that failed means (PVE-066).
//
// # What it decides
//
// A [Table] of rows: whether another host may do, which offerings are avoided and for how
// long, and what the condition of the NodeClaim says. Proxmox VE answers nearly everything
// with status 500, so most rows go by the text.
//
// # What it never does
//
// It marks nothing by itself, and repeats nothing.
//
// # Start reading at
//
// rows.go.
package failure
