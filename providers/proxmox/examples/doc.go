// SPDX-License-Identifier: Apache-2.0

// Package examples holds manifests that users are shown. It has no code: a test in it
// tries them against an API server, and renders the boot data.
package examples
