// SPDX-License-Identifier: Apache-2.0

// Package readme holds the test that the provider's README tells of each reason that a
// user can meet, by the source.
package readme
