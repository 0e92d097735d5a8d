// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the types of the API group karpenter.sh, version
// v1alpha1: NodeOverlay, which changes the price or the capacity of instance
// types in simulation.
//
// It decides the order of overlays and what an overlay makes of a price. It does
// not decide which offerings an overlay matches, and never talks to an API
// server.
//
// Start reading at nodeoverlay.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.sh
package v1alpha1
