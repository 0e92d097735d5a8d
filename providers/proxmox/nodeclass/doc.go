// SPDX-License-Identifier: Apache-2.0

// Package nodeclass says what a ProxmoxNodeClass means: it has the resolvers behind its
// conditions (PVE-017 to PVE-019), and asks for them again when a template or a Secret that
// they read changes.
//
// The controllers themselves are those of karpenter.sh/core/cloudprovider/kit/nodeclass;
// this package is what they are given. It calls no cluster: storages are told by who reads
// them.
//
// # Invariants
//
// A resolver changes nothing but its own part of the status. No message holds anything of a
// Secret but the names of its keys.
//
// Start reading at template.go, metadata.go, then watch.go.
package nodeclass
