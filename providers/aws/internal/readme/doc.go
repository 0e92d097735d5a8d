// SPDX-License-Identifier: Apache-2.0

// Package readme holds the tests that the provider's README tells of each reason, setting
// and call that a user can meet, by the source.
package readme
