// SPDX-License-Identifier: Apache-2.0

// Package cases holds the worlds by which policies are compared. Start reading at
// [All].
package cases
