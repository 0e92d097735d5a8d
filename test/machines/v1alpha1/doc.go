// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the API of simulated hosts for Cluster API: FakeMachine and its
// template, which a MachineDeployment names as its infrastructure, and FakeControlPlane,
// without which no Cluster counts as initialised. They keep the contract v1beta2 of
// Cluster API; labels of their CRDs say so.
//
// It decides nothing and imports the API machinery only. Start reading at machine.go.
//
// +kubebuilder:object:generate=true
// +groupName=infrastructure.cluster.x-k8s.io
package v1alpha1
