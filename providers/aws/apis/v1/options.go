// SPDX-License-Identifier: Apache-2.0

package v1

// MetadataOptions say how a machine reads its metadata.
type MetadataOptions struct {
	// HTTPEndpoint says whether the service answers at all.
	// +kubebuilder:default:=enabled
	// +kubebuilder:validation:Enum:={enabled,disabled}
	// +optional
	HTTPEndpoint *string `json:"httpEndpoint,omitempty"`
	// HTTPProtocolIPv6 says whether the service answers on IPv6 too.
	// +kubebuilder:default:=disabled
	// +kubebuilder:validation:Enum:={enabled,disabled}
	// +optional
	HTTPProtocolIPv6 *string `json:"httpProtocolIPv6,omitempty"`
	// HTTPPutResponseHopLimit is how many network hops an answer may take. With 1,
	// pods that are not on the host's network do not get the machine's credentials.
	// +kubebuilder:default:=1
	// +kubebuilder:validation:Minimum:=1
	// +kubebuilder:validation:Maximum:=64
	// +optional
	HTTPPutResponseHopLimit *int64 `json:"httpPutResponseHopLimit,omitempty"`
	// HTTPTokens says whether requests need the token of a session (IMDSv2).
	// +kubebuilder:default:=required
	// +kubebuilder:validation:Enum:={required,optional}
	// +optional
	HTTPTokens *string `json:"httpTokens,omitempty"`
}

// CPUOptions are options of a machine's processors.
type CPUOptions struct {
	// NestedVirtualization says whether the machine can run virtual machines itself.
	// With enabled, only types that can are launched. Unset leaves it to EC2.
	// +kubebuilder:validation:Enum:={enabled,disabled}
	// +optional
	NestedVirtualization *string `json:"nestedVirtualization,omitempty"`
}
