// SPDX-License-Identifier: Apache-2.0

package examples

import (
	"embed"
	"fmt"
	"os"
	"strings"
)

// Keys and values by which the objects of the examples are found.
const (
	// PartOf is the label that all objects and pods carry, with value Demo.
	PartOf = "app.kubernetes.io/part-of"
	Demo   = "karpenter-demo"
	// Namespace of the workload.
	Namespace = "karpenter-demo"
)

//go:embed kwok aws clusterapi proxmox
var files embed.FS

// Set is the manifests for one provider, as YAML.
type Set struct {
	// NodePools is the NodeClass and the NodePools.
	NodePools []byte
	// Workload is a mix of Deployments, a thousand pods in all.
	Workload []byte
	// Fillers is a Deployment whose pods fill a node each. It has no pods until it
	// is scaled.
	Fillers []byte
}

// Providers lists those that there are examples for.
func Providers() []string { return []string{"aws", "clusterapi", "kwok", "proxmox"} }

// For returns the manifests for a provider, with the cluster's name where they
// name what belongs to it.
func For(provider, cluster string) (Set, error) {
	var set Set
	for name, into := range map[string]*[]byte{"nodepools": &set.NodePools, "workload": &set.Workload, "fillers": &set.Fillers} {
		text, err := files.ReadFile(provider + "/" + name + ".yaml")
		if err != nil {
			return Set{}, fmt.Errorf("examples for provider %q (there are: %s): %w", provider, strings.Join(Providers(), ", "), err)
		}
		*into = []byte(os.Expand(string(text), func(variable string) string {
			if variable == "CLUSTER_NAME" {
				return cluster
			}
			return "${" + variable + "}"
		}))
	}
	return set, nil
}
