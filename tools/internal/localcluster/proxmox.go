// SPDX-License-Identifier: Apache-2.0

package localcluster

// clustersKey is the file, and the key of the simulated cloud's Secret, that says which
// clusters of Proxmox VE there are and how to sign in.
const clustersKey = "cloud.yaml"

// proxmox is the provider for Proxmox VE, against simulated clusters.
func proxmox() provider {
	return provider{
		controller: "karpenter-proxmox", module: "providers/proxmox", chart: "charts/proxmox/karpenter", cloud: "proxmox",
		values:      []string{"existingConfigSecret=" + cloudSecret},
		chartValues: map[string]any{"existingConfigSecret": cloudSecret, "existingConfigSecretKey": clustersKey},
		settings:    func(cluster string) []string { return []string{"CLUSTER_NAME=" + cluster} },
		chartSettings: func(cluster string) map[string]any {
			return map[string]any{"clusterName": cluster}
		},
	}
}
