// SPDX-License-Identifier: Apache-2.0

// Package blueprint turns what was chosen for a NodeClaim into what the cloud is asked
// for: which image, user data, template and subnets' addresses each offering needs
// (AWS-160, AWS-261, AWS-290).
//
// It decides nothing about types and calls nobody: the choice, the NodeClass with what
// was resolved, and the facts of the cluster arrive as values.
//
// # Invariants
//
// Equal arguments give equal requests, so that NodeClaims of one shape share templates
// and fleets. Types that differ only in what no machine is told share a template.
//
// A template that is kept from an earlier launch was made from the same content: its key
// is all that it is made from.
//
// # Cost
//
// With all templates kept some microseconds for each type. Rendering user data takes a
// quarter of a millisecond for each template that is new.
//
// Start reading at blueprint.go, then template.go.
package blueprint
