// SPDX-License-Identifier: Apache-2.0

package join

import (
	"context"
	"fmt"
	"strings"
)

// Machine is a machine that boots.
type Machine struct {
	// ID is the cloud's name of it.
	ID string
	// NodeName is the name that its node would have.
	NodeName string
	// ProviderID is that of its node.
	ProviderID string
	// Region, Zone and Type are the values of the well-known labels.
	Region, Zone, Type string
	// Architecture is amd64 or arm64.
	Architecture string
	// Address is the machine's private address.
	Address string
	// CPU is in cores, Memory in MiB, Disk in GiB: where the kubelet keeps its data.
	CPU, Memory, Disk int
	// DefaultMaxPods is how many pods the image would allow by itself.
	DefaultMaxPods int
	// Extended are devices that their plugins would report.
	Extended map[string]int
	// UserData is what the machine was given, decoded.
	UserData []byte
	// Seed is the image of the medium with its boot data, in clouds that have none of
	// user data; nil: there is none. What is on it is UserData in the end.
	Seed []byte `json:"-"`
	// Links are its network devices in order, where the boot data configure them.
	Links []Link `json:",omitempty"`
}

// Node is what a machine would register.
type Node struct {
	// Machine is where it comes from.
	Machine Machine
	// Cluster, Endpoint and CA (PEM, base64) are what it would join.
	Cluster, Endpoint, CA string
	// Token is the bootstrap token with which the kubelet asks for its certificate; empty:
	// it needs none, or none is known.
	Token string `json:"-"`
	// Labels and Taints are what the kubelet registers itself with.
	Labels map[string]string
	Taints []Taint
	// MaxPods is the kubelet's.
	MaxPods int
	// KubeReserved, SystemReserved and EvictionHard are the kubelet's, the image's
	// defaults included: quantities, of EvictionHard percentages too, by resource or
	// signal.
	KubeReserved, SystemReserved, EvictionHard map[string]string
	// Kubelet are all settings as they were given: by the names of
	// KubeletConfiguration or of Bottlerocket, flags with their dashes.
	Kubelet map[string]any
}

// Taint is a taint.
type Taint struct {
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect"`
}

// Bootstrap reads user data as the software of one image family would. An error says
// why the machine would not become a node.
type Bootstrap interface {
	Boot(m Machine) (Node, error)
}

// Joiner brings nodes into a cluster. It is called while requests wait: what takes
// time it does later.
type Joiner interface {
	// Join registers a node.
	Join(ctx context.Context, n Node) error
	// Leave lets a node's kubelet fall silent, because its machine ended.
	Leave(ctx context.Context, m Machine) error
}

// Silencer is a Joiner that tells a machine that is lost from one that ended.
type Silencer interface {
	// Silence lets a node's kubelet fall silent; its machine still exists.
	Silence(ctx context.Context, m Machine) error
}

// Laggard is a Joiner that works later.
type Laggard interface {
	// Trouble is why the last attempt for a machine failed; nil: none did.
	Trouble(machineID string) error
}

// checkTaint refuses what the kubelet would refuse.
func checkTaint(t Taint) error {
	switch t.Effect {
	case "NoSchedule", "PreferNoSchedule", "NoExecute":
	default:
		return fmt.Errorf("taint %s: %q is no effect", t.Key, t.Effect)
	}
	if t.Key == "" {
		return fmt.Errorf("a taint with effect %s has no key", t.Effect)
	}
	return nil
}

// checkLabel refuses what the kubelet would refuse: it may set only some labels of
// Kubernetes' own domains.
func checkLabel(key string) error {
	domain, _, found := strings.Cut(key, "/")
	if !found || !reserved(domain) {
		return nil
	}
	for _, allowed := range []string{"kubelet.kubernetes.io", "node.kubernetes.io"} {
		if domain == allowed || strings.HasSuffix(domain, "."+allowed) {
			return nil
		}
	}
	switch key {
	case "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os",
		"topology.kubernetes.io/zone", "topology.kubernetes.io/region",
		"failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
		"beta.kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type":
		return nil
	}
	return fmt.Errorf("the kubelet refuses label %s: it may not set labels of that domain", key)
}

func reserved(domain string) bool {
	for _, d := range []string{"kubernetes.io", "k8s.io"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}
