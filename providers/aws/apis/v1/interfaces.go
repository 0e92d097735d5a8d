// SPDX-License-Identifier: Apache-2.0

package v1

// NetworkInterface is an interface of a machine.
type NetworkInterface struct {
	// NetworkCardIndex is the network card that the interface is on; 0 is the card
	// that every machine has.
	// +kubebuilder:validation:Minimum:=0
	// +required
	NetworkCardIndex int32 `json:"networkCardIndex"`
	// DeviceIndex is the place of the interface on its network card, from 0 on.
	// +kubebuilder:validation:Minimum:=0
	// +required
	DeviceIndex int32 `json:"deviceIndex"`
	// InterfaceType is interface for IP traffic, or efa-only for traffic of the
	// Elastic Fabric Adapter alone, which takes no IP address.
	// +required
	InterfaceType InterfaceType `json:"interfaceType"`
}

// InterfaceType is what an interface of a machine is for.
//
// +kubebuilder:validation:Enum:={interface,efa-only}
type InterfaceType string

const (
	// InterfaceTypeInterface carries IP traffic.
	InterfaceTypeInterface InterfaceType = "interface"
	// InterfaceTypeEFAOnly carries traffic of the Elastic Fabric Adapter alone.
	InterfaceTypeEFAOnly InterfaceType = "efa-only"
)

// ConnectionTracking holds idle timeouts in seconds.
//
// +kubebuilder:validation:XValidation:rule="has(self.tcpEstablishedTimeout) || has(self.udpStreamTimeout) || has(self.udpTimeout)",message="connectionTracking needs at least one of tcpEstablishedTimeout, udpStreamTimeout and udpTimeout"
type ConnectionTracking struct {
	// TCPEstablishedTimeout is for established TCP connections, in seconds. Unset
	// leaves it to EC2.
	// +kubebuilder:validation:Minimum:=60
	// +kubebuilder:validation:Maximum:=432000
	// +optional
	TCPEstablishedTimeout *int32 `json:"tcpEstablishedTimeout,omitempty"`
	// UDPStreamTimeout is for UDP flows that have had more than one request and
	// answer, in seconds. Unset leaves it to EC2: 180.
	// +kubebuilder:validation:Minimum:=60
	// +kubebuilder:validation:Maximum:=180
	// +optional
	UDPStreamTimeout *int32 `json:"udpStreamTimeout,omitempty"`
	// UDPTimeout is for UDP flows with traffic one way, or one request and answer,
	// in seconds. Unset leaves it to EC2: 30.
	// +kubebuilder:validation:Minimum:=30
	// +kubebuilder:validation:Maximum:=60
	// +optional
	UDPTimeout *int32 `json:"udpTimeout,omitempty"`
}
