// SPDX-License-Identifier: Apache-2.0

package examples

import _ "embed"

// Keys and values by which the objects of the examples are found.
const (
	// PartOf is the label that all objects and pods carry, with value Demo.
	PartOf = "app.kubernetes.io/part-of"
	Demo   = "karpenter-demo"
	// Namespace of the workload.
	Namespace = "karpenter-demo"
)

// NodePools is the NodeClass and the NodePools, as YAML.
//
//go:embed nodepools.yaml
var NodePools []byte

// Workload is a mix of Deployments, a thousand pods in all, as YAML.
//
//go:embed workload.yaml
var Workload []byte

// Fillers is a Deployment whose pods fill a node each, as YAML. It has no pods
// until it is scaled.
//
//go:embed fillers.yaml
var Fillers []byte
