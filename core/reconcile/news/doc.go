// SPDX-License-Identifier: Apache-2.0

// Package news keeps a log readable in which the same would be said again and
// again: of a pod that fits nowhere, of a pool that is not ready (OPS-286).
//
// It remembers what was said last of each subject, in memory only, and decides
// nothing about what is done. Subjects that nothing is said of any more are
// forgotten by themselves.
package news
