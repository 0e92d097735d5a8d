// SPDX-License-Identifier: Apache-2.0

package cloudinit

// Data is what templates show. The names in YAML are those of /etc/karpenter.yaml
// (PVE-091, PVE-094).
type Data struct {
	Metadata   Metadata          `json:"metadata"`
	Network    Network           `json:"network"`
	Resources  Resources         `json:"resources"`
	Kubernetes Kubernetes        `json:"kubernetes"`
	Values     map[string]string `json:"values,omitempty"`
}

// Metadata is which machine it is.
type Metadata struct {
	// Hostname is the name of the NodeClaim.
	Hostname string `json:"hostname"`
	// InstanceID is the machine's ID, InstanceUUID that of its firmware.
	InstanceID   string   `json:"instanceid"`
	InstanceUUID string   `json:"instanceuuid,omitempty"`
	InstanceType string   `json:"instancetype"`
	ProviderID   string   `json:"providerid"`
	Region       string   `json:"region"`
	Zone         string   `json:"zone"`
	Tags         []string `json:"tags,omitempty"`
	NodeClass    string   `json:"nodeclass,omitempty"`
}

// Network is how the machine is connected.
type Network struct {
	Interfaces    []Interface `json:"interfaces"`
	SearchDomains []string    `json:"search_domains,omitempty"`
	NameServers   []string    `json:"name_servers,omitempty"`
}

// Interface is a network interface. Addresses have their prefix.
type Interface struct {
	Name     string   `json:"name"`
	MacAddr  string   `json:"mac_address"`
	DHCPv4   bool     `json:"dhcp4,omitempty"`
	DHCPv6   bool     `json:"dhcp6,omitempty"`
	SLAAC    bool     `json:"slaac,omitempty"`
	Address4 []string `json:"addresses4,omitempty"`
	Address6 []string `json:"addresses6,omitempty"`
	Gateway4 string   `json:"gateway4,omitempty"`
	Gateway6 string   `json:"gateway6,omitempty"`
	MTU      int      `json:"mtu,omitempty"`
	// NodeAddress4 and the others are those of the host on the bridge.
	NodeAddress4 string `json:"node_address4,omitempty"`
	NodeAddress6 string `json:"node_address6,omitempty"`
	NodeGateway4 string `json:"node_gateway4,omitempty"`
	NodeGateway6 string `json:"node_gateway6,omitempty"`
}

// Resources are what the machine has.
type Resources struct {
	CPU int `json:"cpu"`
	// Memory is in bytes.
	Memory int64 `json:"memory"`
	// Hugepages1Gi and Hugepages2Mi are counts of pages.
	Hugepages1Gi int64 `json:"hugepages1Gi,omitempty"`
	Hugepages2Mi int64 `json:"hugepages2Mi,omitempty"`
}

// Kubernetes is what the machine joins, and how.
type Kubernetes struct {
	// Version is such as v1.33.4.
	Version string `json:"version"`
	// RootCA is that of the cluster, in PEM.
	RootCA         string `json:"rootca"`
	BootstrapToken string `json:"bootstraptoken,omitempty"`
	// KubeletConfiguration are the fields of the kubelet's configuration file.
	KubeletConfiguration map[string]any `json:"kubeletconfiguration,omitempty"`
}
