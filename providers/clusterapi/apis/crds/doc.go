// SPDX-License-Identifier: Apache-2.0

// Package crds holds the CustomResourceDefinitions that are installed with the provider
// of Cluster API: ClusterAPINodeClass, and the core's with the provider's label domain
// guarded as well (CAPI-004, API-174).
//
// The YAML files are generated from the types (make generate).
//
// Start reading at crds.go.
package crds
