// SPDX-License-Identifier: Apache-2.0

// Package kube writes the Nodes of simulated machines to a Kubernetes cluster, in which
// kwok plays their kubelets from then on.
//
// # What it holds
//
// [Joiner] implements [join.Joiner], [join.Silencer] and [join.Laggard]. [NodeOf] is
// the Node of a machine.
//
// # What it never does
//
// It sets no condition: Ready is kwok's, and of a silent node the node controller's. It
// never touches a Node whose provider ID is not the machine's, or which is not the one
// it wrote. It makes no caller wait: [Joiner.Run] does the work.
//
// # Who would write what
//
// One write does what kubelet and cloud controller manager do between them in a real
// cluster, after which the taint node.cloudprovider.kubernetes.io/uninitialized is
// gone:
//
//   - kubelet: name, provider ID, labels of host name, architecture and operating
//     system, labels and taints of the boot data, capacity, allocatable, addresses
//   - cloud controller manager: labels of instance type, zone and region, each with
//     its beta name; it deletes the Node of a machine that ended, once that is silent
//   - device plugins: extended resources; they would come later
//   - nobody: the label and annotation by which kwok manages the Node
//
// # Invariants
//
// Each machine has one entry, from its join until its Node is gone, and at most one
// write under way.
//
// # Start reading at
//
// joiner.go, node.go.
package kube
