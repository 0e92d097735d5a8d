// SPDX-License-Identifier: Apache-2.0

// Package lookup finds the NodeClass that an object refers to, and says what it
// means that there is none (KIT-100, KIT-101).
//
// # What it never does
//
// It does not judge whether the NodeClass is ready: that is
// cloudprovider.CheckReady. It keeps nothing and retries nothing; what it is given
// to read from decides how fresh the answer is.
//
// # Vocabulary
//
// A NodeClass is unresolved when it is missing or being deleted. Who asks is the
// object that refers to it: a NodeClaim or a NodePool.
//
// Start reading at [Lookup].
package lookup
