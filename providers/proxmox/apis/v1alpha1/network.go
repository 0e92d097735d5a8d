// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Network is a network device of a template's machines.
type Network struct {
	// Name is net0 to net5. Unset stands for the place in the list.
	// +optional
	Name string `json:"name,omitempty"`
	// Bridge is the bridge of the host, or the VNet, that it is attached to.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Bridge string `json:"bridge"`
	// Model is e1000, e1000e, rtl8139, virtio or vmxnet3.
	// +kubebuilder:validation:Enum:={e1000,e1000e,rtl8139,virtio,vmxnet3}
	// +kubebuilder:default:=virtio
	// +optional
	Model string `json:"model,omitempty"`
	// MTU is the largest packet; 1 is that of the bridge.
	// +kubebuilder:validation:XValidation:rule="self == 1 || (self >= 576 && self <= 65520)",message="mtu must be 1, which is that of the bridge, or 576 to 65520"
	// +kubebuilder:default:=1500
	// +optional
	MTU *int32 `json:"mtu,omitempty"`
	// VLAN is the tag of its packets.
	// +kubebuilder:validation:Minimum:=1
	// +kubebuilder:validation:Maximum:=4094
	// +optional
	VLAN *int32 `json:"vlan,omitempty"`
	// Firewall says whether the firewall of Proxmox looks at its packets.
	// +optional
	Firewall *bool `json:"firewall,omitempty"`
	// Address4 is an IPv4 network with its prefix, such as 10.1.0.0/24: each machine gets
	// an address of it. Unset means DHCP, if there is no other address or gateway.
	// +optional
	Address4 string `json:"address4,omitempty"`
	// Address6 is an IPv6 network with its prefix, up to /112: each machine gets an
	// address of it that follows from its MAC address.
	// +optional
	Address6 string `json:"address6,omitempty"`
	// Gateway4 is the IPv4 gateway.
	// +optional
	Gateway4 string `json:"gateway4,omitempty"`
	// Gateway6 is the IPv6 gateway.
	// +optional
	Gateway6 string `json:"gateway6,omitempty"`
	// DNSServers are the addresses of name servers.
	// +kubebuilder:validation:MinItems:=1
	// +optional
	DNSServers []string `json:"dnsServers,omitempty"`
}
