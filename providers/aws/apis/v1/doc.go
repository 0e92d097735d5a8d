// SPDX-License-Identifier: Apache-2.0

// Package v1 holds EC2NodeClass, the NodeClass of AWS (karpenter.k8s.aws/v1), the
// label, annotation and tag keys of the provider, and the static hash of a
// NodeClass.
//
// It decides nothing about machines and talks to nobody.
//
// Start reading at nodeclass.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.k8s.aws
package v1
