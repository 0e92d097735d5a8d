// SPDX-License-Identifier: Apache-2.0

// Package proxmox is a number of simulated Proxmox VE clusters, each with hosts, storages,
// pools, virtual machines, firewalls, users and tasks, as far as providers call them.
//
// # What it holds
//
// [Cloud] serves each cluster under its own path, /<region>/api2/json. [Setup] is what
// the clusters hold at the start. One file per concept: what a request goes through
// (serve.go, parameters.go, caller.go, answer.go), tasks (task.go), hosts, storages
// (storage.go, volume.go, content.go), machines (machine.go, options.go, drive.go,
// create.go, clone.go, power.go), what boots in them (boot.go, lease.go), networks (sdn.go),
// devices (mapping.go), firewall, pools, and the hands of tests (hand.go, target.go).
//
// # What it never does
//
// It knows no SDK, and it runs no machine: one that was started is running, and package join
// judges what it was given.
//
// # Vocabulary
//
// A region is one Proxmox cluster, a machine is a virtual machine in it, and options are
// what its configuration says.
//
// # Invariants
//
// Who posts what takes time gets a task, which ends once. What a task that fails has begun
// is taken back as the real one takes it back. The same setup, seed, clock and calls give
// the same answers.
//
// # Cost
//
// Lists are linear in what there is. Everything is under one lock.
//
// # Start reading at
//
// setup.go, serve.go, then task.go and clone.go.
package proxmox
