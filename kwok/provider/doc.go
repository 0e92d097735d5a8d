// SPDX-License-Identifier: Apache-2.0

// Package provider implements the contract of package cloudprovider with fake
// nodes: the instance is the Node object itself, which the kwok controller
// animates.
//
// # What it decides
//
// Which type and offering a NodeClaim gets (KWOK-018, KWOK-019), what the Node
// looks like (KWOK-021), when it appears (KWOK-023), what is left of a
// reservation (KWOK-008), and which failure is provoked (KWOK-039).
//
// # How it keeps its promises
//
// The name of a Node is derived from the UID of its NodeClaim, and so is every
// choice among equals. A Create that is repeated, even by another process, leads
// to the same Node, and creating a Node that exists is success; so nothing is
// launched twice and nothing need be stored (CP-022, KWOK-031).
//
// A launch is over before the Node exists. Until then it is in the set of
// registrations, from which Get and List answer too; Start carries them out.
//
// Catalogues are compiled into views: what is on sale now, ordered by price.
// Types that did not change keep their pointer from view to view.
//
// # Cost
//
// Create makes no call beyond the cache, holds no lock while it looks, and stops
// looking at the first type that is dearer than what it has (KWOK-032). List
// reads all Nodes from the API server, in pages; Get and Delete read one.
// GetInstanceTypes copies a slice.
//
// Start reading at provider.go, then create.go and registration.go.
package provider
