// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 holds the type CapacityBuffer of the API group
// autoscaling.x-k8s.io, version v1beta1: spare capacity that is kept ready for
// pods to come.
//
// The API belongs to the autoscaling project; this package is the part of it
// that Karpenter reads and writes. It decides nothing.
//
// Start reading at capacitybuffer.go.
//
// +kubebuilder:object:generate=true
// +groupName=autoscaling.x-k8s.io
package v1beta1
