// SPDX-License-Identifier: Apache-2.0

// Package crds holds the CustomResourceDefinitions that are installed with the
// provider of Proxmox VE: its three kinds, and the core's with the provider's label
// domain guarded as well (PVE-004, API-174).
//
// The YAML files are generated from the types (make generate).
//
// Start reading at crds.go; rules_test.go has each rule with an object that it refuses.
package crds
