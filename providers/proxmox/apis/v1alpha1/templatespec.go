// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ProxmoxTemplateSpec is the wanted state of a ProxmoxTemplate. Some fields are what the
// machines are made from: a change makes them anew. The others are written to the
// machines that there are, but for resourcePool, which counts when they are made.
type ProxmoxTemplateSpec struct {
	// Region is the only Proxmox cluster that has the template. Unset means all. A change
	// makes the machines anew.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Region string `json:"region,omitempty"`
	// Description is the text that the machines begin their notes with.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Description string `json:"description,omitempty"`
	// SourceImage is the image of the boot disk. A change makes the machines anew.
	// +required
	SourceImage *SourceImage `json:"sourceImage"`
	// StorageIDs are storages, in order: the first with content import holds the image,
	// the first with content images the disks. A change makes the machines anew.
	// +kubebuilder:validation:MinItems:=1
	// +required
	StorageIDs []string `json:"storageIDs"`
	// BIOS is seabios or ovmf. A change makes the machines anew.
	// +kubebuilder:validation:Enum:={seabios,ovmf}
	// +kubebuilder:default:=seabios
	// +optional
	BIOS string `json:"bios,omitempty"`
	// TPM gives the machines a trusted platform module. A change makes them anew.
	// +optional
	TPM *TPM `json:"tpm,omitempty"`
	// Machine is the kind of machine that is emulated: pc or q35.
	// +kubebuilder:validation:Enum:={pc,q35}
	// +kubebuilder:default:=q35
	// +optional
	Machine string `json:"machine,omitempty"`
	// Agent says how the guest agent is reached.
	// +optional
	Agent *Agent `json:"agent,omitempty"`
	// CPU is the CPU that guests see.
	// +kubebuilder:default:={type: "x86-64-v2-AES"}
	// +optional
	CPU *CPU `json:"cpu,omitempty"`
	// VGA is the display of the machines.
	// +optional
	VGA *VGA `json:"vga,omitempty"`
	// Network are the network devices of the machines.
	// +kubebuilder:validation:MinItems:=1
	// +kubebuilder:validation:MaxItems:=6
	// +required
	Network []Network `json:"network"`
	// PCIDevices are devices of the host that the machines get.
	// +kubebuilder:validation:MaxItems:=6
	// +optional
	PCIDevices []PCIDevice `json:"pciDevices,omitempty"`
	// Tags are those of the template's machines.
	// +kubebuilder:validation:MaxItems:=10
	// +optional
	Tags []string `json:"tags,omitempty"`
	// OnBoot says whether machines start with their host. Nodes inherit it.
	// +optional
	OnBoot *bool `json:"onBoot,omitempty"`
	// ResourcePool is the pool that the machines are made in, with at most three levels.
	// It must exist.
	// +kubebuilder:validation:MaxLength:=64
	// +kubebuilder:validation:Pattern:=`^[a-zA-Z0-9][a-zA-Z0-9._-]*(/[a-zA-Z0-9][a-zA-Z0-9._-]*){0,2}$`
	// +optional
	ResourcePool string `json:"resourcePool,omitempty"`
}

// Agent says how the guest agent is reached.
type Agent struct {
	// Enabled says whether the machines talk to an agent in the guest.
	// +kubebuilder:default:=false
	// +optional
	Enabled bool `json:"enabled,omitempty"`
	// Type is the kind of device: virtio or isa.
	// +kubebuilder:validation:Enum:={virtio,isa}
	// +kubebuilder:default:=virtio
	// +optional
	Type string `json:"type,omitempty"`
	// FsFreezeOnBackup says whether file systems are frozen for backups.
	// +optional
	FsFreezeOnBackup *bool `json:"fsFreezeOnBackup,omitempty"`
	// FsTrimClonedDisks says whether disks are trimmed after they were cloned or moved.
	// +optional
	FsTrimClonedDisks *bool `json:"fsTrimClonedDisks,omitempty"`
}

// CPU is the CPU that guests see.
type CPU struct {
	// Type is the model.
	// +kubebuilder:validation:Enum:={host,kvm64,x86-64-v2,x86-64-v2-AES,x86-64-v3,x86-64-v4}
	// +kubebuilder:default:="x86-64-v2-AES"
	// +optional
	Type string `json:"type,omitempty"`
	// Flags are added to the model, or taken from it: +aes, -pcid.
	// +kubebuilder:validation:MaxItems:=10
	// +optional
	Flags []string `json:"flags,omitempty"`
}

// VGA is a display.
type VGA struct {
	// Type is none, serial0, std or vmware.
	// +kubebuilder:validation:Enum:={none,serial0,std,vmware}
	// +kubebuilder:default:=std
	// +optional
	Type string `json:"type,omitempty"`
	// Memory is the display's, in MiB.
	// +kubebuilder:validation:Minimum:=4
	// +kubebuilder:validation:Maximum:=512
	// +optional
	Memory *int32 `json:"memory,omitempty"`
}

// PCIDevice is a device of the host.
type PCIDevice struct {
	// Mapping is the name of the resource mapping that stands for the device.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Mapping string `json:"mapping"`
	// MDev is the type of mediated device.
	// +optional
	MDev string `json:"mdev,omitempty"`
	// PCIe says whether it is shown as a PCI Express device.
	// +optional
	PCIe *bool `json:"pcie,omitempty"`
	// XVGA says whether it is the guest's display.
	// +optional
	XVGA *bool `json:"xvga,omitempty"`
}
