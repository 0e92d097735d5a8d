// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// ProxmoxNodeClassSpec is the wanted state of a ProxmoxNodeClass.
type ProxmoxNodeClassSpec struct {
	// Region is the only Proxmox cluster that machines are launched in. Unset means all.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Region string `json:"region,omitempty"`
	// PlacementStrategy says which host a machine goes to.
	// +kubebuilder:default:={zoneBalance: "Balanced"}
	// +optional
	PlacementStrategy *PlacementStrategy `json:"placementStrategy,omitempty"`
	// InstanceTemplateRef names the template that machines are cloned from.
	// +required
	InstanceTemplateRef *InstanceTemplateRef `json:"instanceTemplateRef"`
	// BootDevice is the disk that machines boot from.
	// +kubebuilder:default:={size: "30G"}
	// +optional
	BootDevice *BootDevice `json:"bootDevice,omitempty"`
	// KubeletConfiguration are settings of the kubelet, for boot data that pass them on.
	// +optional
	KubeletConfiguration *KubeletConfiguration `json:"kubeletConfiguration,omitempty"`
	// Tags are those of the machines. A change reaches machines that run.
	// +kubebuilder:validation:MaxItems:=10
	// +optional
	Tags []string `json:"tags,omitempty"`
	// MetadataOptions say how machines get their boot data.
	// +kubebuilder:default:={type: "none"}
	// +optional
	MetadataOptions *MetadataOptions `json:"metadataOptions,omitempty"`
	// SecurityGroups are the groups of the Proxmox firewall that machines are in. With
	// any, the firewall of a machine is on and drops what no rule lets in. A change
	// reaches machines that run.
	// +kubebuilder:validation:MaxItems:=10
	// +optional
	SecurityGroups []SecurityGroup `json:"securityGroups,omitempty"`
	// ResourcePool is the pool that machines are members of, with at most three levels.
	// It must exist. A change reaches machines that run.
	// +kubebuilder:validation:MaxLength:=64
	// +kubebuilder:validation:Pattern:=`^[a-zA-Z0-9][a-zA-Z0-9._-]*(/[a-zA-Z0-9][a-zA-Z0-9._-]*){0,2}$`
	// +optional
	ResourcePool string `json:"resourcePool,omitempty"`
}

// PlacementStrategy says which host a machine goes to.
type PlacementStrategy struct {
	// ZoneBalance is Balanced, which takes the host with the fewest machines of this
	// NodeClass, or AvailabilityFirst, which takes any.
	// +kubebuilder:validation:Enum:={Balanced,AvailabilityFirst}
	// +kubebuilder:default:=Balanced
	// +optional
	ZoneBalance ZoneBalance `json:"zoneBalance,omitempty"`
}

// ZoneBalance is an order of hosts.
type ZoneBalance string

const (
	// ZoneBalanceBalanced takes the host with the fewest machines of the NodeClass.
	ZoneBalanceBalanced ZoneBalance = "Balanced"
	// ZoneBalanceAvailabilityFirst takes hosts at random.
	ZoneBalanceAvailabilityFirst ZoneBalance = "AvailabilityFirst"
)

// InstanceTemplateRef names a template.
type InstanceTemplateRef struct {
	// Kind is ProxmoxTemplate or ProxmoxUnmanagedTemplate.
	// +kubebuilder:validation:Enum:={ProxmoxTemplate,ProxmoxUnmanagedTemplate}
	// +required
	Kind string `json:"kind"`
	// Name is the name of the object.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Name string `json:"name"`
}

// BootDevice is the disk that a machine boots from.
type BootDevice struct {
	// Size is how large the disk is made, such as 30G or 30Gi. A template with a larger
	// one keeps its size.
	// +kubebuilder:validation:Pattern:=`^\d+(T|G|Ti|Gi)$`
	// +kubebuilder:default:="30G"
	// +optional
	Size string `json:"size,omitempty"`
	// Storage is the storage that the disk is on. Unset means the template's.
	// +kubebuilder:validation:MaxLength:=30
	// +optional
	Storage string `json:"storage,omitempty"`
}

// MetadataType is a way to give boot data.
type MetadataType string

const (
	// MetadataTypeNone gives none: the template must configure its node.
	MetadataTypeNone MetadataType = "none"
	// MetadataTypeCDROM gives them on a medium that is attached.
	MetadataTypeCDROM MetadataType = "cdrom"
)

// MetadataOptions say how machines get their boot data.
type MetadataOptions struct {
	// Type is none, for templates that configure their node by themselves, or cdrom: a
	// medium for cloud-init is attached.
	// +kubebuilder:validation:Enum:={none,cdrom}
	// +kubebuilder:default:=none
	// +optional
	Type MetadataType `json:"type,omitempty"`
	// TemplatesRef is a Secret with Go templates under the keys user-data, meta-data,
	// vendor-data and network-config. Keys that are missing have defaults.
	// +optional
	TemplatesRef *SecretReference `json:"templatesRef,omitempty"`
	// ValuesRef is a Secret whose keys the templates read as Values.
	// +optional
	ValuesRef *SecretReference `json:"valuesRef,omitempty"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// Name is the Secret's name.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace is the Secret's namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// SecurityGroup is a group of the Proxmox firewall.
type SecurityGroup struct {
	// Name is the group's name.
	// +kubebuilder:validation:MinLength:=1
	// +kubebuilder:validation:MaxLength:=30
	// +required
	Name string `json:"name"`
	// Interface is the network device that the group applies to.
	// +kubebuilder:validation:Pattern:=`^net[0-9]+$`
	// +kubebuilder:default:=net0
	// +optional
	Interface string `json:"interface,omitempty"`
}

// The values that hold where a NodeClass says nothing.
const (
	// DefaultBootDeviceSize is the size of the boot device.
	DefaultBootDeviceSize = "30G"
	// DefaultInterface is the interface of a security group.
	DefaultInterface = "net0"
)

// BootDeviceSize is the size that the boot device is made. The error is that of a size
// which admission would have refused.
func (s *ProxmoxNodeClassSpec) BootDeviceSize() (resource.Quantity, error) {
	text := DefaultBootDeviceSize
	if s.BootDevice != nil && s.BootDevice.Size != "" {
		text = s.BootDevice.Size
	}
	size, err := resource.ParseQuantity(strings.TrimSpace(text))
	if err != nil {
		return resource.Quantity{}, fmt.Errorf("reading spec.bootDevice.size %q: %w", text, err)
	}
	return size, nil
}

// BootDeviceStorage is the storage of the boot device; empty: the template's.
func (s *ProxmoxNodeClassSpec) BootDeviceStorage() string {
	if s.BootDevice == nil {
		return ""
	}
	return s.BootDevice.Storage
}

// Balance is the order of hosts.
func (s *ProxmoxNodeClassSpec) Balance() ZoneBalance {
	if s.PlacementStrategy == nil || s.PlacementStrategy.ZoneBalance == "" {
		return ZoneBalanceBalanced
	}
	return s.PlacementStrategy.ZoneBalance
}

// Metadata is the way in which machines get their boot data.
func (s *ProxmoxNodeClassSpec) Metadata() MetadataType {
	if s.MetadataOptions == nil || s.MetadataOptions.Type == "" {
		return MetadataTypeNone
	}
	return s.MetadataOptions.Type
}
