// SPDX-License-Identifier: Apache-2.0

// Package cloudsim is the map of the simulated clouds; README.md says how to use
// them, SPEC.md what they do.
//
// # What is where
//
//   - serve: a handler on loopback, over TLS
//   - wire, model: the protocols, driven by the published models
//   - world: stock, prices, quotas, addresses, identifiers, what happens later
//   - lag, limit, fault, journal: late reads and pages, throttling, what goes wrong,
//     what was called
//   - policy: who may do what
//   - join: machines that become nodes
//   - kube: their Nodes in a Kubernetes cluster
//   - control: the hand of tests
//   - aws: the account of AWS
//   - proxmox: clusters of Proxmox VE; proxmox/schema is their API's own description
//   - cmd/cloudsim: all of it as a command
//
// # Imports
//
// A cloud imports all the others; of those, control imports world, fault, limit, join
// and journal, join imports world, kube imports join, wire imports model, and nothing
// else is imported. Kubernetes is for kube and the command.
//
// # Start reading at
//
// README.md, then aws/pipeline.go.
package cloudsim
