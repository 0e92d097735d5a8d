// SPDX-License-Identifier: Apache-2.0

// Package aws is a simulated account of AWS: EC2, EKS, IAM, SSM, STS, Pricing, Service
// Quotas, SQS and ARC zonal shift, as far as the provider calls them.
//
// # What it holds
//
// [Cloud] serves the services at one endpoint. [Setup] is what the account holds at
// the start. One file per concept: subnets and groups (network.go), types
// (catalogue.go, types.go, typetree.go), images, templates, fleets (fleet.go,
// fleetorder.go, resolve.go, launch.go), quotas, instances, reservations, placement, IAM,
// SQS, interruptions (interrupt.go), permissions (authorize.go, authorizeec2.go).
//
// # What it never does
//
// It knows no wire format and no SDK, and it does not check signatures.
//
// # Vocabulary
//
// A launch is what instances of one override have in common; a candidate is one
// override of a fleet request.
//
// # Invariants
//
// What a launch takes (stock, quota, address, place in a group, reservation) is given
// back exactly once: at once if the launch fails, else when the instance has ended.
// The same setup, seed, clock and calls give the same answers.
//
// # Cost
//
// A fleet request is linear in its overrides; lists are linear in what there is.
//
// # Start reading at
//
// cloud.go, pipeline.go, then fleet.go.
package aws
