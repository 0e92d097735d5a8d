// SPDX-License-Identifier: Apache-2.0

// Package vocabulary holds what Karpenter knows about label keys, label values,
// resource names and unsupported volumes: the core's own content and what the
// provider adds to it.
//
// It decides which keys are well-known or restricted and which key and value
// stand for another. It never says whether an object is valid, and never compares
// requirements.
//
// Vocabulary: a well-known label is one whose values instance types and offerings
// are described by, so that a NodePool need not mention it; a restricted label is
// one that users may not set or ask for; an alias is an older name of a canonical
// key, or an older value of such a key; an offering label may differ between the
// offerings of one instance type.
//
// Invariants: a Vocabulary is built once, before any controller starts, and never
// changes, so that it can be shared freely (API-074). What it returns belongs to
// the caller.
//
// Cost: every lookup is a map access; IsRestricted tries each parent of a domain.
//
// Start reading at vocabulary.go; the core's content is in core.go.
package vocabulary
