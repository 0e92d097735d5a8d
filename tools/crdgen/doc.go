// SPDX-License-Identifier: Apache-2.0

// Crdgen writes the deep-copy methods and the CustomResourceDefinitions of the
// project's API types. It is run from the root of the repository.
//
// The core:
//
//	go run ./tools/crdgen
//
// The API of another module:
//
//	go run ./tools/crdgen -paths ./kwok/apis/... -out kwok/apis/crds
//
// Deep-copy methods only, of types whose CRDs come from somebody else:
//
//	go run ./tools/crdgen -paths ./providers/example/objects -out ""
//
// A provider's own copy of the core's CRDs, which also guards the provider's
// label domain (API-174); no Go code is written then:
//
//	go run ./tools/crdgen -deepcopy=false \
//	  -paths ./core/apis/v1,./core/apis/v1alpha1 -out providers/example/crds \
//	  -restrict-domain karpenter.example.com -allow-label karpenter.example.com/size
//
// NodeOverlays describe instance types, so labels that a launch decides can be
// kept out of them with -overlay-forbid-label.
//
// Running it twice changes nothing, so that a check in the build is to run it and
// compare.
//
// Most of a schema comes from the markers on the Go types, through
// controller-gen's library. Crdgen bounds what it says of quantities and times, so
// that whatever is admitted can be read, and adds what markers cannot express:
// rules about the fields of foreign types (taints, conditions), about the keys and
// values of maps (labels, resources), and the restricted label domains, which are
// one list for labels and requirement keys alike. Every rule names the place in
// the schema that it applies to; a place that no longer exists is an error.
//
// Start reading at main.go; the rules are in rules.go, bounds.go and domains.go.
package main
