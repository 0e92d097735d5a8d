// SPDX-License-Identifier: Apache-2.0

// Package crds holds the CustomResourceDefinitions of the core's API types, as
// they are shipped.
//
// The YAML files are generated from the types (go run ./tools/crdgen, from the
// root of the repository) and are the only place of defaults and admission
// checks: there are no webhooks.
//
// Karpenter's own CRDs are kept apart from that of CapacityBuffer, which belongs
// to the autoscaling project: it is here for convenience, and must not replace a
// copy that another component has installed (API-175).
//
// Start reading at crds.go.
package crds
