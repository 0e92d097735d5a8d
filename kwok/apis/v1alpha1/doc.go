// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds KWOKNodeClass, the NodeClass of fake nodes
// (karpenter.kwok.sh/v1alpha1), and the label and annotation keys of the
// provider.
//
// A KWOKNodeClass is born ready: the CRD's default says so, and no controller
// maintains it (KWOK-003). Tests make one unready by a status patch.
//
// It decides nothing and talks to nobody.
//
// Start reading at nodeclass.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.kwok.sh
package v1alpha1
