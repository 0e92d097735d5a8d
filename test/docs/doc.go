// SPDX-License-Identifier: Apache-2.0

// Package docs holds the tests of the documentation: that its links lead somewhere, its
// commands can be run, its manifests are admitted, and that it tells of every field and
// reason that users meet. It has no code.
//
// Start reading at pages_test.go: which pages there are.
package docs
