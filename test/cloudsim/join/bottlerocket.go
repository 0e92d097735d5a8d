// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Bottlerocket is the bootstrap of Bottlerocket: settings in TOML. A setting of
// Kubernetes that there is not keeps the machine from booting.
type Bottlerocket struct{}

// Boot implements Bootstrap.
func (Bottlerocket) Boot(m Machine) (Node, error) {
	var document map[string]any
	if err := toml.Unmarshal(m.UserData, &document); err != nil {
		return Node{}, fmt.Errorf("settings: %w", err)
	}
	for key := range document {
		if key != "settings" {
			return Node{}, fmt.Errorf("settings: %q stands outside of settings", key)
		}
	}
	settings, _ := document["settings"].(map[string]any)
	kubernetes, _ := settings["kubernetes"].(map[string]any)
	if kubernetes == nil {
		return Node{}, errors.New("settings.kubernetes is missing")
	}
	for key := range kubernetes {
		if !slices.Contains(kubernetesSettings(), key) {
			return Node{}, fmt.Errorf("settings.kubernetes.%s: there is no such setting", key)
		}
	}
	return bottlerocketNode(m, kubernetes)
}

func bottlerocketNode(m Machine, k map[string]any) (Node, error) {
	n := Node{Machine: m, MaxPods: m.DefaultMaxPods, Kubelet: k, Labels: map[string]string{}}
	for key, to := range map[string]*string{"cluster-name": &n.Cluster, "api-server": &n.Endpoint, "cluster-certificate": &n.CA} {
		*to, _ = k[key].(string)
		if *to == "" {
			return Node{}, fmt.Errorf("settings.kubernetes.%s is missing", key)
		}
	}
	if _, err := base64.StdEncoding.DecodeString(n.CA); err != nil {
		return Node{}, fmt.Errorf("settings.kubernetes.cluster-certificate: %w", err)
	}
	if raw, ok := k["max-pods"]; ok {
		pods, isNumber := raw.(int64)
		if !isNumber || pods < 0 {
			return Node{}, fmt.Errorf("settings.kubernetes.max-pods: %v is no number of pods", raw)
		}
		n.MaxPods = int(pods)
	}
	if err := tomlLabels(k["node-labels"], n.Labels); err != nil {
		return Node{}, err
	}
	var err error
	if n.Taints, err = tomlTaints(k["node-taints"]); err != nil {
		return Node{}, err
	}
	return n, n.reserve(settings{"kube-reserved", "system-reserved", "eviction-hard", n.MaxPods})
}

func tomlLabels(raw any, into map[string]string) error {
	table, ok := raw.(map[string]any)
	if raw != nil && !ok {
		return errors.New("settings.kubernetes.node-labels is no table")
	}
	for key, value := range table {
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("settings.kubernetes.node-labels: %s is no text", key)
		}
		if err := checkLabel(key); err != nil {
			return err
		}
		into[key] = text
	}
	return nil
}

// tomlTaints reads a table of keys with "value:Effect", or lists of such.
func tomlTaints(raw any) ([]Taint, error) {
	table, ok := raw.(map[string]any)
	if raw != nil && !ok {
		return nil, errors.New("settings.kubernetes.node-taints is no table")
	}
	var taints []Taint
	for _, key := range sorted(table) {
		values, isList := table[key].([]any)
		if !isList {
			values = []any{table[key]}
		}
		for _, v := range values {
			text, _ := v.(string)
			value, effect, _ := strings.Cut(text, ":")
			t := Taint{Key: key, Value: value, Effect: effect}
			if err := checkTaint(t); err != nil {
				return nil, fmt.Errorf("settings.kubernetes.node-taints: %w", err)
			}
			taints = append(taints, t)
		}
	}
	return taints, nil
}

func sorted[V any](table map[string]V) []string {
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// kubernetesSettings are the settings that Bottlerocket documents for Kubernetes.
func kubernetesSettings() []string {
	return strings.Fields(`
		allowed-unsafe-sysctls api-server authentication-mode bootstrap-token cloud-provider cluster-certificate
		cluster-dns-ip cluster-domain cluster-name container-log-max-files container-log-max-size
		container-log-max-workers container-log-monitor-interval cpu-cfs-quota-enforced cpu-manager-policy
		cpu-manager-policy-options cpu-manager-reconcile-period credential-providers
		device-ownership-from-security-context event-burst event-qps eviction-hard eviction-max-pod-grace-period
		eviction-soft eviction-soft-grace-period hostname-override hostname-override-source ids-per-pod
		image-gc-high-threshold-percent image-gc-low-threshold-percent kube-api-burst kube-api-qps kube-reserved
		log-level max-pods memory-manager-policy memory-manager-reserved-memory node-ip node-labels node-taints
		pod-pids-limit provider-id registry-burst registry-qps seccomp-default server-certificate server-key
		server-tls-bootstrap shutdown-grace-period shutdown-grace-period-for-critical-pods
		single-process-oom-kill standalone-mode static-pods system-reserved topology-manager-policy
		topology-manager-policy-options topology-manager-scope`)
}
