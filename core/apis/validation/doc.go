// SPDX-License-Identifier: Apache-2.0

// Package validation holds the checks of NodePools and NodeOverlays that the API
// server cannot make, because they need the provider's vocabulary or more than a
// CRD can express.
//
// It decides whether an object can be used and says everything that is wrong with
// it, not only the first thing. It writes no status and knows no cluster: an
// object is judged by itself.
//
// Vocabulary: a finding is either an error, which makes the object unusable, a
// mistake in a budget, which stops disruption only, or a warning.
//
// Cost: linear in the size of the object.
//
// Start reading at nodepool.go and nodeoverlay.go; requirement.go and taints.go
// hold what they share, agreement.go what requirements and labels make together.
package validation
