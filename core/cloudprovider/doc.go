// SPDX-License-Identifier: Apache-2.0

// Package cloudprovider is the contract between Karpenter and the clouds.
//
// # What it holds
//
// [CloudProvider] is what a provider implements. [InstanceType] and [Offering]
// are what it sells. Around them stands what is the same for every provider and
// core alike: what of a machine pods can use ([AllocatableOf], CP-053 to
// CP-055), the choice and order of types and offerings ([InstanceTypes],
// [Offerings], CP-056 to CP-062), the classes of errors ([ClassOf], CP-042),
// repair policies ([FindUnhealthy]), the check at start-up ([CheckKeys], CP-006)
// and the metrics layer ([Instrument]). What an overlay makes of a price is said
// by [karpenter.sh/core/apis/v1alpha1.PriceChange].
//
// It never talks to an API server or a cloud, and it knows no provider. Beside
// the API types it imports the engine's requirement algebra and, for the metrics
// layer, prometheus.
//
// # Vocabulary
//
// A type is a kind of machine; an offering is one way to buy it: a zone, a
// capacity type and, where reserved, a reservation. An allocatable group is the
// offerings of a type through which a machine has the same resources. A layer is
// a decorator around a provider. Open keys are those a set of requirements may
// leave undefined: the well-known labels.
//
// # Invariants
//
// An InstanceType does not change after it was returned: equal pointers are
// equal content, for ever. Functions that filter or order return new slices.
// Order never depends on the order of a map, and equal prices are ordered by
// name.
//
// # Cost
//
// Groups of a type are computed once. Filters are linear in offerings, ordering
// is linear plus a sort over types that does not look at offerings again.
//
// # Layers
//
// From the inside out: provider, metrics, overlay (CP-075). The overlay layer
// replaces types by changed copies ([InstanceType.Copy]) before core sees them.
// Optional capabilities of a provider are found through all layers
// ([RegistrationHooks]).
//
// Start reading at cloudprovider.go, then instancetype.go and offering.go.
package cloudprovider
