// SPDX-License-Identifier: Apache-2.0

// Package v1 holds EC2NodeClass, the NodeClass of AWS (karpenter.k8s.aws/v1), and
// what follows from it alone: the keys of labels, annotations and tags, the words
// that the core learns of them, the static hash, and the tags of a launch.
//
// # What it never does
//
// It decides nothing about machines and talks to nobody. It imports the core's API
// and the kit's parts about NodeClasses, no SDK.
//
// # Invariants
//
// What admission lets through can be read, and has a hash. What it does not, as
// from before a rule was, is an error or named as unreadable, and hides nothing
// else. The names of types and fields of the spec are part of the hash: renaming
// one drifts every node.
//
// # Where the rules are
//
// The markers on the types become the CustomResourceDefinition in package crds
// (make generate), and the comments of fields its descriptions: they are written
// for users.
//
// Start reading at nodeclass.go and spec.go; then hash.go, vocabulary.go, tags.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.k8s.aws
package v1
