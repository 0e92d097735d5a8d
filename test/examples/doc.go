// SPDX-License-Identifier: Apache-2.0

// Package examples holds manifests to start from, which the demo program applies
// too: NodePools for the kwok provider, and a workload of a thousand pods of
// several sizes.
//
// It decides nothing; start reading at nodepools.yaml.
package examples
