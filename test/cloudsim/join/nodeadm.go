// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Nodeadm is the bootstrap of AL2023: the NodeConfig documents of the user data,
// merged in order, later ones winning; shell parts are taken to succeed.
type Nodeadm struct{}

// nodeConfig is the part of NodeConfig (node.eks.aws/v1alpha1) that makes a node.
type nodeConfig struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata,omitempty"`
	Spec       struct {
		Cluster struct {
			Name                 string `json:"name,omitempty"`
			APIServerEndpoint    string `json:"apiServerEndpoint,omitempty"`
			CertificateAuthority string `json:"certificateAuthority,omitempty"`
			CIDR                 string `json:"cidr,omitempty"`
			ID                   string `json:"id,omitempty"`
			EnableOutpost        *bool  `json:"enableOutpost,omitempty"`
		} `json:"cluster,omitempty"`
		Containerd map[string]any `json:"containerd,omitempty"`
		Instance   struct {
			LocalStorage struct {
				Strategy       string   `json:"strategy,omitempty"`
				MountPath      string   `json:"mountPath,omitempty"`
				DisabledMounts []string `json:"disabledMounts,omitempty"`
			} `json:"localStorage,omitempty"`
			Environment map[string]any `json:"environment,omitempty"`
			Network     map[string]any `json:"network,omitempty"`
		} `json:"instance,omitempty"`
		Kubelet struct {
			Config map[string]any `json:"config,omitempty"`
			Flags  []string       `json:"flags,omitempty"`
		} `json:"kubelet,omitempty"`
		FeatureGates map[string]bool `json:"featureGates,omitempty"`
	} `json:"spec"`
}

// Boot implements Bootstrap.
func (Nodeadm) Boot(m Machine) (Node, error) {
	parts, err := archive(m.UserData)
	if err != nil {
		return Node{}, err
	}
	var merged map[string]any
	for i, p := range parts {
		if p.kind != "application/node.eks.aws" && (p.kind != "" || !strings.Contains(string(p.body), "node.eks.aws/")) {
			continue
		}
		var document map[string]any
		if err := yaml.UnmarshalStrict(p.body, &document); err != nil {
			return Node{}, fmt.Errorf("NodeConfig in part %d: %w", i+1, err)
		}
		merged = merge(merged, document)
	}
	if merged == nil {
		return Node{}, errors.New("the user data holds no NodeConfig")
	}
	config, err := readNodeConfig(merged)
	if err != nil {
		return Node{}, err
	}
	return config.node(m)
}

// merge lays one document over another: maps are merged, flags appended, all else
// replaced.
func merge(base, over map[string]any) map[string]any {
	if base == nil {
		return over
	}
	out := maps.Clone(base)
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		old, wasMap := out[key].(map[string]any)
		flags, isList := value.([]any)
		before, wasList := out[key].([]any)
		switch {
		case isMap && wasMap:
			out[key] = merge(old, inner)
		case key == "flags" && isList && wasList:
			out[key] = append(slices.Clone(before), flags...)
		default:
			out[key] = value
		}
	}
	return out
}

func readNodeConfig(document map[string]any) (*nodeConfig, error) {
	data, err := yaml.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("NodeConfig: %w", err)
	}
	var c nodeConfig
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return nil, fmt.Errorf("NodeConfig: %w", err)
	}
	cluster := c.Spec.Cluster
	switch {
	case c.Kind != "NodeConfig" || !strings.HasPrefix(c.APIVersion, "node.eks.aws/"):
		return nil, fmt.Errorf("%s %s is no NodeConfig", c.APIVersion, c.Kind)
	case cluster.Name == "":
		return nil, errors.New("NodeConfig: spec.cluster.name is missing")
	case cluster.APIServerEndpoint == "":
		return nil, errors.New("NodeConfig: spec.cluster.apiServerEndpoint is missing")
	case cluster.CertificateAuthority == "":
		return nil, errors.New("NodeConfig: spec.cluster.certificateAuthority is missing")
	case cluster.CIDR == "":
		return nil, errors.New("NodeConfig: spec.cluster.cidr is missing")
	}
	if _, err := base64.StdEncoding.DecodeString(cluster.CertificateAuthority); err != nil {
		return nil, fmt.Errorf("NodeConfig: spec.cluster.certificateAuthority: %w", err)
	}
	if s := c.Spec.Instance.LocalStorage.Strategy; s != "" && !slices.Contains([]string{"RAID0", "RAID10", "Mount"}, s) {
		return nil, fmt.Errorf("NodeConfig: %q is no strategy of local storage", s)
	}
	return &c, nil
}

func (c *nodeConfig) node(m Machine) (Node, error) {
	cluster := c.Spec.Cluster
	n := Node{
		Machine: m, Cluster: cluster.Name, Endpoint: cluster.APIServerEndpoint, CA: cluster.CertificateAuthority,
		MaxPods: m.DefaultMaxPods, Kubelet: maps.Clone(c.Spec.Kubelet.Config), Labels: map[string]string{},
	}
	if n.Kubelet == nil {
		n.Kubelet = map[string]any{}
	}
	if raw, ok := n.Kubelet["maxPods"]; ok {
		pods, isNumber := raw.(float64)
		if !isNumber || pods < 0 || pods != float64(int(pods)) {
			return Node{}, fmt.Errorf("NodeConfig: spec.kubelet.config.maxPods: %v is no number of pods", raw)
		}
		n.MaxPods = int(pods)
	}
	if perCore, ok := n.Kubelet["podsPerCore"].(float64); ok && perCore > 0 {
		n.MaxPods = min(n.MaxPods, int(perCore)*m.CPU)
	}
	if err := n.reserve(settings{"kubeReserved", "systemReserved", "evictionHard", m.DefaultMaxPods}); err != nil {
		return Node{}, err
	}
	taints, err := kubeletTaints(n.Kubelet["registerWithTaints"])
	if err != nil {
		return Node{}, err
	}
	n.Taints = taints
	err = flags(c.Spec.Kubelet.Flags, &n)
	return n, err
}

func kubeletTaints(raw any) ([]Taint, error) {
	if raw == nil {
		return nil, nil
	}
	data, err := yaml.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("registerWithTaints: %w", err)
	}
	var taints []Taint
	if err := yaml.UnmarshalStrict(data, &taints); err != nil {
		return nil, fmt.Errorf("registerWithTaints: %w", err)
	}
	for _, t := range taints {
		if err := checkTaint(t); err != nil {
			return nil, fmt.Errorf("registerWithTaints: %w", err)
		}
	}
	return taints, nil
}

// flags applies command-line flags of the kubelet; later ones win.
func flags(given []string, n *Node) error {
	for _, flag := range given {
		name, value, found := strings.Cut(flag, "=")
		if !strings.HasPrefix(name, "--") || !found {
			return fmt.Errorf("kubelet flag %q is not of the form --name=value", flag)
		}
		value = strings.Trim(value, `"'`)
		if name != "--node-labels" {
			n.Kubelet[name] = value
			continue
		}
		clear(n.Labels)
		for pair := range strings.SplitSeq(value, ",") {
			key, text, ok := strings.Cut(pair, "=")
			if pair == "" {
				continue
			}
			if !ok {
				return fmt.Errorf("kubelet flag --node-labels: %q is no label", pair)
			}
			if err := checkLabel(key); err != nil {
				return err
			}
			n.Labels[key] = text
		}
	}
	return nil
}
