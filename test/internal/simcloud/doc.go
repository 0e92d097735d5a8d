// SPDX-License-Identifier: Apache-2.0

// Package simcloud is the hand on the simulated cloud that the machines of a local
// cluster live in: it makes the cloud fail, sells it out, and asks what was called.
//
// It talks to the control API of karpenter.sh/test/cloudsim, whose address
// tools/cluster keeps in the state file beside the kubeconfig. It knows no client of
// Kubernetes.
//
// Start reading at [Find].
package simcloud
