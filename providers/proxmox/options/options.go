// SPDX-License-Identifier: Apache-2.0

// Package options holds the settings that the provider of Proxmox VE adds to the core's
// (section 2 of its chapter). It decides names, defaults and what is valid, and reads
// nothing.
//
// It imports the core's options only. Start reading at [Options].
package options

import (
	"errors"
	"fmt"

	"karpenter.sh/core/operator/options"
)

// Options are the provider's settings. The zero value is not usable.
type Options struct {
	// CloudConfig is the file of clusters and credentials (PVE-010). Required.
	CloudConfig string
	// InstanceTypesFile is the file of instance types; empty: the built-in ones.
	InstanceTypesFile string
	// NodeSettingFile is the file of what hosts look like (PVE-052); empty: there is none.
	NodeSettingFile string
	// NodePolicy is simple or static. Default simple.
	NodePolicy NodePolicy
	// LowestID is the least ID of machines. Default 20000.
	LowestID int
	// VMMemoryOverheadPercent is the share of a type's memory that nodes do not see, a
	// fraction. Default 0.075.
	VMMemoryOverheadPercent float64
	// ClusterName is the identity of the Kubernetes cluster; empty: the UID of the
	// namespace kube-system.
	ClusterName string
}

// NodePolicy says whether machines have CPUs of their own.
type NodePolicy string

const (
	// PolicySimple gives machines any CPUs of their host.
	PolicySimple NodePolicy = "simple"
	// PolicyStatic gives each machine CPUs of its own (PVE-056).
	PolicyStatic NodePolicy = "static"
)

// Pins reports whether machines get CPUs of their own.
func (p NodePolicy) Pins() bool { return p == PolicyStatic }

// The IDs that Proxmox VE gives machines.
const (
	lowestID  = 100
	highestID = 999999999
)

// lease is that of leader election, unless a setting says otherwise (PVE-112).
const lease = "proxmox-karpenter-leader-election"

// Declare adds the settings to the flags of a binary.
func (o *Options) Declare(s *options.Set) {
	s.Default("leader-election-name", lease)
	s.String(&o.CloudConfig, options.Option[string]{
		Name: "cloud-config", Env: "CLOUD_CONFIG", Check: required,
		Usage: "YAML file with the Proxmox VE clusters and the credentials for them. Required.",
	})
	s.String(&o.InstanceTypesFile, options.Option[string]{
		Name: "instance-types-file", Env: "INSTANCE_TYPES_FILE",
		Usage: "JSON file with the instance types. It is read again when it changes. Empty means the built-in ones.",
	})
	s.String(&o.NodeSettingFile, options.Option[string]{
		Name: "node-setting-file", Env: "NODE_SETTING_FILE",
		Usage: "JSON file with what hosts look like and what is kept of them. It is read again when it changes. Empty means that it is estimated.",
	})
	options.Text(s, &o.NodePolicy, options.Option[string]{
		Name: "node-policy", Env: "NODE_POLICY", Default: string(PolicySimple),
		Usage: "Whether machines get CPUs of their own: simple (no) or static (yes).",
	}, policy)
	s.Int(&o.LowestID, options.Option[int]{
		Name: "proxmox-vmid", Env: "PROXMOX_VMID", Default: 20000, Check: machineID,
		Usage: "Lowest ID of the virtual machines that become nodes.",
	})
	s.Float64(&o.VMMemoryOverheadPercent, options.Option[float64]{
		Name: "vm-memory-overhead-percent", Env: "VM_MEMORY_OVERHEAD_PERCENT", Default: 0.075, Check: share,
		Usage: "Share of a machine's memory that the node does not see, as a fraction.",
	})
	s.String(&o.ClusterName, options.Option[string]{
		Name: "cluster-name", Env: "CLUSTER_NAME", Check: identity,
		Usage: "Identity of the Kubernetes cluster, in the notes of its machines. Empty means the UID of the namespace kube-system.",
	})
}

func required(text string) error {
	if text == "" {
		return errors.New("must be set")
	}
	return nil
}

func policy(text string) (NodePolicy, error) {
	p := NodePolicy(text)
	if p != PolicySimple && p != PolicyStatic {
		return "", fmt.Errorf("must be %s or %s", PolicySimple, PolicyStatic)
	}
	return p, nil
}

func machineID(id int) error {
	if id < lowestID || id > highestID {
		return fmt.Errorf("must be %d to %d", lowestID, highestID)
	}
	return nil
}

func share(n float64) error {
	if n < 0 || n >= 1 {
		return errors.New("must be at least 0 and less than 1")
	}
	return nil
}

// identity refuses what would end the name in the notes of a machine.
func identity(text string) error {
	for _, r := range text {
		if r == ',' || r == ' ' || r < ' ' {
			return errors.New("must have no comma, blank or control character")
		}
	}
	return nil
}
