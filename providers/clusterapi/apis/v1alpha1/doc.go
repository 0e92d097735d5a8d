// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds ClusterAPINodeClass, the NodeClass of machines that Cluster
// API makes (karpenter.cluster.x-k8s.io/v1alpha1), and the keys of the labels and
// annotations that the provider defines.
//
// It decides nothing and talks to nobody. Keys that Cluster API defines are in package
// capi.
//
// Start reading at nodeclass.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.cluster.x-k8s.io
package v1alpha1
