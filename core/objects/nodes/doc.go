// SPDX-License-Identifier: Apache-2.0

// Package nodes reads off a Node object what controllers of several families
// want to know of it. Every function looks at the object it is given and at
// nothing else.
//
// Imports Kubernetes API types; no clients.
package nodes
