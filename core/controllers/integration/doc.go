// SPDX-License-Identifier: Apache-2.0

// Package integration holds tests of several controllers working together on a
// real API server: what the API in memory cannot tell, such as the answers of the
// eviction subresource, and how fast many NodeClaims come up. It has no code of
// its own.
package integration
