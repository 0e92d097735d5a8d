// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

// BlockDeviceMapping is a volume of a machine.
type BlockDeviceMapping struct {
	// DeviceName is the name of the device, such as /dev/xvda.
	// +optional
	DeviceName *string `json:"deviceName,omitempty"`
	// EBS is the volume that is created for the device.
	// +optional
	EBS *BlockDevice `json:"ebs,omitempty"`
	// RootVolume says that the kubelet keeps its data on this volume, so that its
	// size is the machine's ephemeral storage. Without one it is the volume that
	// the family uses for it. Default false.
	// +optional
	RootVolume bool `json:"rootVolume,omitempty"`
}

// BlockDevice is an EBS volume.
//
// +kubebuilder:validation:XValidation:rule="has(self.snapshotID) || has(self.volumeSize)",message="ebs needs snapshotID or volumeSize"
// +kubebuilder:validation:XValidation:rule="!has(self.volumeInitializationRate) || (has(self.snapshotID) && size(self.snapshotID) > 0)",message="volumeInitializationRate needs a snapshotID",fieldPath=".volumeInitializationRate"
type BlockDevice struct {
	// DeleteOnTermination says whether the volume goes with its machine. Unset
	// leaves it to EC2, which deletes volumes that it created with the machine.
	// +optional
	DeleteOnTermination *bool `json:"deleteOnTermination,omitempty"`
	// Encrypted says whether the volume is encrypted. Unset leaves it to the
	// snapshot and the account's default.
	// +optional
	Encrypted *bool `json:"encrypted,omitempty"`
	// IOPS is the number of operations per second. Which numbers are possible
	// depends on the type of the volume; only gp3, io1 and io2 take one.
	// +optional
	IOPS *int64 `json:"iops,omitempty"`
	// KMSKeyID is the ID, alias or ARN of the key that the volume is encrypted with.
	// Unset means the account's default key.
	// +optional
	KMSKeyID *string `json:"kmsKeyID,omitempty"`
	// SnapshotID is the snapshot that the volume starts as.
	// +optional
	SnapshotID *string `json:"snapshotID,omitempty"`
	// Throughput in MiB per second. Only gp3 takes one; unset is 125.
	// +optional
	Throughput *int64 `json:"throughput,omitempty"`
	// VolumeInitializationRate is the speed, in MiB per second, at which the blocks
	// of the snapshot are loaded. Unset loads each block when it is first read.
	// +kubebuilder:validation:Minimum:=100
	// +kubebuilder:validation:Maximum:=300
	// +optional
	VolumeInitializationRate *int32 `json:"volumeInitializationRate,omitempty"`
	// VolumeSize is the size with unit G, Gi, T or Ti, as in 100Gi. EC2 gets it in
	// GiB, rounded up. Unset means the size of the snapshot. Which sizes are possible
	// depends on the type of the volume.
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type:=string
	// +kubebuilder:validation:Pattern:=`^((?:[1-9][0-9]{0,3}|[1-4][0-9]{4}|5[0-8][0-9]{3}|59000)Gi|(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-3][0-9]{3}|64000)G|([1-9]|[1-4][0-9]|5[0-8])Ti|([1-9]|[1-5][0-9]|6[0-4])T)$`
	// +optional
	VolumeSize *resource.Quantity `json:"volumeSize,omitempty" hash:"string"`
	// VolumeType is the type of the volume. Unset leaves it to EC2.
	// +kubebuilder:validation:Enum:={standard,io1,io2,gp2,sc1,st1,gp3}
	// +optional
	VolumeType *string `json:"volumeType,omitempty"`
}
