// SPDX-License-Identifier: Apache-2.0

// Package examples holds manifests to start from, which the demo program applies
// too: for each provider its NodeClass and NodePools, and a workload of a
// thousand pods of several sizes.
//
// It decides nothing; start reading at kwok/nodepools.yaml.
package examples
