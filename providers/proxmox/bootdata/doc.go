// SPDX-License-Identifier: Apache-2.0

// Package bootdata puts together what the boot data of a machine are rendered from: the
// user's Secrets, what the launch has made, and a bootstrap token of its own (PVE-090 to
// PVE-097).
//
// # What it never does
//
// It writes no medium and renders nothing itself: that is package cloudinit. It removes
// tokens of launches that failed only; those of nodes that have joined are for who looks
// after nodes.
//
// # Invariants
//
// A launch has one token at most, however many hosts are tried. Nothing of a Secret is in
// an error.
//
// # Start reading at
//
// bootdata.go, then secret.go and token.go.
package bootdata
