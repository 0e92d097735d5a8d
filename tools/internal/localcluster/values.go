// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// registry is where images of local clusters claim to be from. Nobody pulls from it: they
// are loaded.
const registry = "karpenter.local"

// cloudSecret holds what points Karpenter at the simulated cloud, cloudMount is where its
// authority is mounted.
const (
	cloudSecret = "cloudsim"
	cloudMount  = "/etc/cloudsim"
)

// Repository is the image of a provider's Karpenter in clusters of kind, without tag.
func Repository(provider string) string { return registry + "/" + providers()[provider].controller }

// Values returns the values of the provider's chart in a cluster of kind: one replica,
// since there is one node, and what [ControllerEnv] gives to a process. Env, whose entries
// have the form NAME=value, wins.
func Values(cluster, provider string, lookup func(string) (string, bool), env []string) (string, error) {
	p := providers()[provider]
	variables := []document{}
	for _, entry := range lastOf(developmentEnv(lookup), env) {
		name, value, _ := strings.Cut(entry, "=")
		variables = append(variables, document{"name": name, "value": value})
	}
	// The chart of a release names the digest of an image that is not the one built here.
	controller := document{"image": document{"repository": Repository(provider), "digest": ""}, "env": variables}
	values := document{"replicas": 1, "topologySpreadConstraints": []string{}, "controller": controller}
	maps.Copy(values, p.chartValues)
	if p.chartSettings != nil {
		values["settings"] = p.chartSettings(cluster)
	}
	if p.cloud != "" {
		controller["envFrom"] = []document{{"secretRef": document{"name": cloudSecret}}}
		controller["extraVolumeMounts"] = []document{{"name": "cloud", "mountPath": cloudMount, "readOnly": true}}
		values["extraVolumes"] = []document{{"name": "cloud", "secret": document{
			"secretName": cloudSecret, "items": []document{{"key": authorityKey, "path": authorityKey}},
		}}}
	}
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the values of the chart: %w", err)
	}
	return string(text) + "\n", nil
}

// lastOf joins variables; of several with one name the last stays, in the place of the
// first.
func lastOf(groups ...[]string) []string {
	var out []string
	at := map[string]int{}
	for _, group := range groups {
		for _, entry := range group {
			name, _, _ := strings.Cut(entry, "=")
			if i, found := at[name]; found {
				out[i] = entry
				continue
			}
			at[name] = len(out)
			out = append(out, entry)
		}
	}
	return out
}
