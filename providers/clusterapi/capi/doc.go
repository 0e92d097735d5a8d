// SPDX-License-Identifier: Apache-2.0

// Package capi is what the provider reads of Cluster API: the fields of its objects that
// decisions depend on, the keys of its labels and annotations, and which version of its
// API is spoken.
//
// # Why these are types of our own
//
// The same fields stand at the same places in v1beta1 and v1beta2, or at two places that
// do not collide. So one small type reads both, where Cluster API's module has two sets of
// types of several thousand lines, and conversions between them that need its webhooks.
// Caches hold what is needed and no more, and what is not known here cannot be lost,
// because nobody writes a whole object: writes are patches of single fields (CAPI-007).
// Cluster API's module is the judge: a test reads what its types write, in both versions.
//
// # What it never does
//
// It decides nothing and calls nobody. It imports the API machinery only.
//
// # Vocabulary
//
// A deployment is a MachineDeployment. A Machine is marked when Cluster API is asked to
// delete it first; it terminates when it is being deleted.
//
// Start reading at objects.go, then version.go.
//
// +kubebuilder:object:generate=true
package capi
