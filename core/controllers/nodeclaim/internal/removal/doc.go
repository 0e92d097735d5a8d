// SPDX-License-Identifier: Apache-2.0

// Package removal is how the controllers of this family delete a NodeClaim: only
// the very object that was judged, not a later one of its name, and counted once
// the deletion is accepted. It does not decide what is deleted, or why.
package removal
