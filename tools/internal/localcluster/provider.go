// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// ProviderKwok is the provider whose machines are Node objects, the default.
const ProviderKwok = "kwok"

// provider is a Karpenter that a cluster can run.
type provider struct {
	// controller names its program, its log and its process.
	controller string
	// module is the directory of its Go module, below the root.
	module string
	// chart is the directory of its Helm chart, below the root.
	chart string
	// values are those without which the chart cannot be rendered.
	values []string
	// cloud is the simulated cloud that its machines live in; empty if it needs
	// none.
	cloud string
	// machines says that its machines are Machines of Cluster API, which runs in the
	// cluster then.
	machines bool
	// chartValues are further values of the chart in clusters of kind; nil: none.
	chartValues map[string]any
	// chartSettings are the settings of the chart that say the same; nil: none.
	chartSettings func(cluster string) map[string]any
	// settings are the controller's variables for a cluster of this name.
	settings func(cluster string) []string
}

func providers() map[string]provider {
	return map[string]provider{
		ProviderKwok: {controller: "karpenter-kwok", module: "kwok", chart: "charts/kwok/karpenter", settings: func(string) []string { return nil }},
		"aws": {controller: "karpenter-aws", module: "providers/aws", chart: "charts/aws/karpenter", values: []string{"settings.clusterName=any"}, cloud: "aws", settings: func(cluster string) []string {
			return []string{"CLUSTER_NAME=" + cluster, "INTERRUPTION_QUEUE=" + cluster, "EKS_CONTROL_PLANE=true"}
		}, chartSettings: func(cluster string) map[string]any {
			return map[string]any{"clusterName": cluster, "interruptionQueue": cluster, "eksControlPlane": true}
		}},
		"clusterapi": {controller: "karpenter-clusterapi", module: "providers/clusterapi", chart: "charts/clusterapi/karpenter", machines: true, settings: func(string) []string { return nil }},
		"proxmox":    proxmox(),
	}
}

// ProviderNames lists what a cluster can run, sorted.
func ProviderNames() []string { return slices.Sorted(maps.Keys(providers())) }

// InKind reports whether a cluster in containers can run a provider.
func InKind(name string) bool { return !providers()[name].machines }

// checkProvider refuses a provider that does not exist.
func checkProvider(name string) error {
	if _, found := providers()[name]; !found {
		return fmt.Errorf("provider %q is unknown: want %s", name, strings.Join(ProviderNames(), " or "))
	}
	return nil
}

// program is the path of the built controller.
func (p provider) program(l Layout) string { return l.Program(p.controller) }

// link is the path that the controller is started under.
func (p provider) link(l Layout) string { return l.link(p.controller) }

// source is the package of the controller.
func (p provider) source(l Layout) string {
	return filepath.Join(l.Root, filepath.FromSlash(p.module), "cmd", p.controller)
}

// crdDirs hold the custom resource definitions that a cluster gets. Those of kwok
// are in every cluster, so that its fake nodes can be tried beside another
// provider's; of files with one name the last counts.
func (p provider) crdDirs(l Layout) []string {
	dirs := []string{
		filepath.Join(l.Root, "core", "apis", "crds"),
		filepath.Join(l.Root, "kwok", "apis", "crds"),
	}
	if own := filepath.Join(l.Root, filepath.FromSlash(p.module), "apis", "crds"); !slices.Contains(dirs, own) {
		dirs = append(dirs, own)
	}
	return dirs
}
