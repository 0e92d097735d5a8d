// SPDX-License-Identifier: Apache-2.0

// Package provider is AWS as the core sees it: the CloudProvider.
//
// # What it decides
//
// Nothing of its own. It looks up the NodeClass, lets package choice choose, package
// blueprint say what that asks for, package fleet launch it, and describes machines as
// NodeClaims. What drifted is decided by package drift.
//
// # Invariants
//
// Every answer about what is on sale, and about drift, comes from caches (CP-035,
// CP-036). A machine is not found only if EC2 says so (CP-027). A launch answers with the
// offering that was bought, not with the one that was planned.
//
// Start reading at provider.go, then create.go.
package provider
