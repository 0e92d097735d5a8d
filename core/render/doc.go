// SPDX-License-Identifier: Apache-2.0

// Package render turns the engine's answers back into Kubernetes objects: a
// planned bin becomes the NodeClaim to create. It decides nothing about
// placement and makes no API calls.
//
// Every NodeClaim owns its maps and slices: nothing is shared with the node
// pool, the plan or another NodeClaim (API-129, SCH-263).
//
// Imports Kubernetes API types, intake and the engine; no clients.
package render
