// SPDX-License-Identifier: Apache-2.0

// Package docs holds the tests of the documentation: that its links lead somewhere, its
// commands can be run, its manifests are admitted, and that it tells of every field and
// reason that users meet. It has no code.
//
// go test takes results from its cache although pages outside of this module have
// changed: make docs-verify does not.
//
// Start reading at pages_test.go: which pages there are.
package docs
