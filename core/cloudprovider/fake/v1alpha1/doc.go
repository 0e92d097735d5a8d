// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds TestNodeClass, the NodeClass of the in-memory provider
// (karpenter.test.sh/v1alpha1). Like a real one it has conditions; unlike one it
// is born ready, so that tests need no controller for it.
//
// Start reading at nodeclass.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.test.sh
package v1alpha1
