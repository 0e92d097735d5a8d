// SPDX-License-Identifier: Apache-2.0

// Package policies has the ValidatingAdmissionPolicies that an installation may add:
// what users of the API can do through NodeClaims, NodePools and the status of
// Karpenter's objects, and what they cannot (OPS-320 to OPS-323). A ConfigMap says who
// and how much; parameters.yaml is an example.
//
// It holds files, and imports nothing but the standard library. Policies about a
// NodeClass are its provider's.
package policies
