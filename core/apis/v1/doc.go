// SPDX-License-Identifier: Apache-2.0

// Package v1 holds the types of the API group karpenter.sh, version v1: NodePool
// and NodeClaim, the keys that Karpenter writes on cluster objects, and what can
// be told from one such object alone.
//
// It decides: the static hash of a pool, the order of pools, what the disruption
// budgets of a pool allow at a moment, and which taints go away by themselves.
// It never reads a clock, never talks to an API server and knows no provider;
// checks that need the provider's labels are in package validation.
//
// Vocabulary: a NodeClaim is the API object that asks for a node; a static pool
// is one with replicas; a duration is kept as text and parsed when it is asked
// for its Value.
//
// Invariants: an object that is read and written back is unchanged byte for byte
// in its durations and in its empty, but present, lists and maps (API-028,
// API-052). The defaults and admission checks of the types live in the CRDs that
// are generated from the markers here.
//
// Cost: everything here is linear in the size of one object, except budgets with
// a schedule, which look through at most five years of days.
//
// Start reading at nodepool.go and nodeclaim.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.sh
package v1
