// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KubeletConfiguration are settings of the kubelet (PVE-016). Boot data get those that
// are set.
type KubeletConfiguration struct {
	// CPUManagerPolicy is none or static.
	// +kubebuilder:validation:Enum:={none,static}
	// +optional
	CPUManagerPolicy string `json:"cpuManagerPolicy,omitempty"`
	// CPUCFSQuota says whether limits of CPU are enforced.
	// +optional
	CPUCFSQuota *bool `json:"cpuCFSQuota,omitempty"`
	// CPUCFSQuotaPeriod is the period over which limits of CPU are enforced.
	// +optional
	CPUCFSQuotaPeriod *metav1.Duration `json:"cpuCFSQuotaPeriod,omitempty"`
	// TopologyManagerPolicy is restricted, best-effort, none or single-numa-node.
	// +kubebuilder:validation:Enum:={restricted,best-effort,none,single-numa-node}
	// +optional
	TopologyManagerPolicy string `json:"topologyManagerPolicy,omitempty"`
	// TopologyManagerScope is container or pod.
	// +kubebuilder:validation:Enum:={container,pod}
	// +optional
	TopologyManagerScope string `json:"topologyManagerScope,omitempty"`
	// ImageGCHighThresholdPercent is the share of the disk from which on images are
	// removed.
	// +kubebuilder:validation:Minimum:=0
	// +kubebuilder:validation:Maximum:=100
	// +optional
	ImageGCHighThresholdPercent *int32 `json:"imageGCHighThresholdPercent,omitempty"`
	// ImageGCLowThresholdPercent is the share of the disk down to which images are
	// removed.
	// +kubebuilder:validation:Minimum:=0
	// +kubebuilder:validation:Maximum:=100
	// +optional
	ImageGCLowThresholdPercent *int32 `json:"imageGCLowThresholdPercent,omitempty"`
	// ShutdownGracePeriod is how long a node waits for its pods when it shuts down.
	// +optional
	ShutdownGracePeriod *metav1.Duration `json:"shutdownGracePeriod,omitempty"`
	// AllowedUnsafeSysctls are the sysctls that pods may set beside the safe ones.
	// +optional
	AllowedUnsafeSysctls []string `json:"allowedUnsafeSysctls,omitempty"`
	// ClusterDNS are the addresses of the cluster's DNS.
	// +kubebuilder:validation:MaxItems:=3
	// +optional
	ClusterDNS []string `json:"clusterDNS,omitempty"`
	// MaxPods is how many pods a node runs. Unset means what its instance type says.
	// +kubebuilder:validation:Minimum:=10
	// +kubebuilder:validation:Maximum:=250
	// +optional
	MaxPods *int32 `json:"maxPods,omitempty"`
	// FailSwapOn says whether the kubelet refuses to start on a machine with swap.
	// +optional
	FailSwapOn *bool `json:"failSwapOn,omitempty"`
}
