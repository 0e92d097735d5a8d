// SPDX-License-Identifier: Apache-2.0

// Package readme compares what the page for users says with the code. It has tests only.
package readme
