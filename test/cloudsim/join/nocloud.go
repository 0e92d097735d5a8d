// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// NoCloud is the bootstrap of images with cloud-init that find their boot data on a medium
// (NoCloud). The image starts the kubelet by /etc/karpenter.yaml, or by the first other
// file that the boot data write and that is a KubeletConfiguration.
type NoCloud struct{}

// Boot implements Bootstrap.
func (NoCloud) Boot(m Machine) (Node, error) {
	seed, err := readSeed(m.Seed)
	if err != nil {
		return Node{}, err
	}
	for _, name := range []string{"user-data", "meta-data"} {
		if _, there := seed[name]; !there {
			return Node{}, fmt.Errorf("the medium has no %s, without which cloud-init does not take it", name)
		}
	}
	m.UserData = seed["user-data"]
	config, err := readCloudConfig(m.UserData)
	if err != nil {
		return Node{}, err
	}
	if m.NodeName, err = hostName(config, seed["meta-data"]); err != nil {
		return Node{}, err
	}
	if m.Address, err = nodeAddress(seed["network-config"], m.Links); err != nil {
		return Node{}, err
	}
	return kubeletNode(m, config.files)
}

// Configured is the bootstrap of images whose kubelet is configured in them, by these
// settings.
type Configured map[string]any

// Boot implements Bootstrap. The first device asks by DHCP.
func (c Configured) Boot(m Machine) (Node, error) {
	var err error
	if m.Address, err = nodeAddress(nil, m.Links); err != nil {
		return Node{}, err
	}
	return withKubelet(Node{Machine: m}, c)
}

var hostNames = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// hostName is the one that cloud-init sets: of the user data, else of the meta-data.
func hostName(config *cloudConfig, metaData []byte) (string, error) {
	var meta map[string]any
	if err := yaml.Unmarshal(metaData, &meta); err != nil {
		return "", fmt.Errorf("meta-data: %w", err)
	}
	name, err := config.text("hostname")
	if err != nil {
		return "", err
	}
	if name == "" {
		name, _ = meta["local-hostname"].(string)
	}
	if name = strings.ToLower(name); len(name) > 253 || !hostNames.MatchString(name) {
		return "", fmt.Errorf("%q is no name of a host", name)
	}
	return name, nil
}

// karpenterPath is the file by which images know what they are to join.
const karpenterPath = "/etc/karpenter.yaml"

// karpenterFile is the part of it that makes a node.
type karpenterFile struct {
	Kubernetes struct {
		Version              string         `json:"version"`
		RootCA               string         `json:"rootca"`
		BootstrapToken       string         `json:"bootstraptoken"`
		KubeletConfiguration map[string]any `json:"kubeletconfiguration"`
	} `json:"kubernetes"`
}

var (
	versions = regexp.MustCompile(`^v\d+\.\d+\.\d+`)
	tokens   = regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`)
)

func kubeletNode(m Machine, files map[string][]byte) (Node, error) {
	n := Node{Machine: m}
	content, there := files[karpenterPath]
	if !there {
		settings, path := kubeletFile(files)
		if settings == nil {
			return Node{}, errors.New("the boot data configure no kubelet")
		}
		n, err := withKubelet(n, settings)
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return n, err
	}
	var in karpenterFile
	if err := yaml.Unmarshal(content, &in); err != nil {
		return Node{}, fmt.Errorf("%s: %w", karpenterPath, err)
	}
	block, _ := pem.Decode([]byte(in.Kubernetes.RootCA))
	switch {
	case !versions.MatchString(in.Kubernetes.Version):
		return Node{}, fmt.Errorf("%s: %q is no version of Kubernetes", karpenterPath, in.Kubernetes.Version)
	case block == nil || block.Type != "CERTIFICATE":
		return Node{}, fmt.Errorf("%s: rootca is no certificate", karpenterPath)
	case !tokens.MatchString(in.Kubernetes.BootstrapToken):
		return Node{}, fmt.Errorf("%s: bootstraptoken is no token", karpenterPath)
	}
	n.CA, n.Token = base64.StdEncoding.EncodeToString([]byte(in.Kubernetes.RootCA)), in.Kubernetes.BootstrapToken
	n, err := withKubelet(n, in.Kubernetes.KubeletConfiguration)
	if err != nil {
		return Node{}, fmt.Errorf("%s: %w", karpenterPath, err)
	}
	return n, nil
}

// kubeletFile is the first file by path that is a KubeletConfiguration; nil: none is.
func kubeletFile(files map[string][]byte) (settings map[string]any, path string) {
	for _, path := range slices.Sorted(maps.Keys(files)) {
		var document map[string]any
		if err := yaml.Unmarshal(files[path], &document); err == nil && document["kind"] == "KubeletConfiguration" {
			return document, path
		}
	}
	return nil, ""
}

// defaultEviction is the kubelet's own, all of which goes where a setting names any.
func defaultEviction() map[string]string {
	return map[string]string{"memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%", "imagefs.available": "15%"}
}

// withKubelet configures a node's kubelet.
func withKubelet(n Node, settings map[string]any) (Node, error) {
	if len(settings) == 0 {
		return Node{}, errors.New("no kubelet is configured")
	}
	if err := checkKubelet(settings); err != nil {
		return Node{}, err
	}
	n.Kubelet, n.Labels, n.MaxPods = maps.Clone(settings), map[string]string{}, int(number(settings["maxPods"], float64(n.Machine.DefaultMaxPods)))
	if perCore := number(settings["podsPerCore"], 0); perCore > 0 {
		n.MaxPods = min(n.MaxPods, int(perCore)*n.Machine.CPU)
	}
	if id, _ := settings["providerID"].(string); id != "" {
		n.Machine.ProviderID = id
	}
	var err error
	if n.Taints, err = kubeletTaints(settings["registerWithTaints"]); err != nil {
		return Node{}, err
	}
	resources := []string{"cpu", "memory", "ephemeral-storage", "pid"}
	signals := []string{"memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree", "pid.available"}
	if n.KubeReserved, err = texts("kubeReserved", settings["kubeReserved"], nil, resources); err != nil {
		return Node{}, err
	}
	if n.SystemReserved, err = texts("systemReserved", settings["systemReserved"], nil, resources); err != nil {
		return Node{}, err
	}
	eviction := settings["evictionHard"]
	if eviction == nil {
		n.EvictionHard = defaultEviction()
		return n, nil
	}
	n.EvictionHard, err = texts("evictionHard", eviction, nil, signals)
	return n, err
}
