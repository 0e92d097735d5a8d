// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Names of the devices that images boot from or keep data on.
const (
	deviceLinux   = "/dev/xvda"
	deviceData    = "/dev/xvdb"
	deviceWindows = "/dev/sda1"
)

// DefaultBlockDevices returns the volumes of machines whose NodeClass names none
// (AWS-170); none for Custom, where the image decides.
func DefaultBlockDevices(family string) []*v1.BlockDeviceMapping {
	switch {
	case family == v1.AMIFamilyAL2, family == v1.AMIFamilyAL2023:
		return []*v1.BlockDeviceMapping{volume(deviceLinux, "20Gi")}
	case family == v1.AMIFamilyBottlerocket:
		return []*v1.BlockDeviceMapping{volume(deviceLinux, "4Gi"), volume(deviceData, "20Gi")}
	case v1.IsWindows(family):
		return []*v1.BlockDeviceMapping{volume(deviceWindows, "50Gi")}
	}
	return nil
}

// DataDevice returns the device that the data of pods are on (AWS-205); empty for
// Custom, where it is not known by name.
func DataDevice(family string) string {
	switch {
	case family == v1.AMIFamilyAL2, family == v1.AMIFamilyAL2023:
		return deviceLinux
	case family == v1.AMIFamilyBottlerocket:
		return deviceData
	case v1.IsWindows(family):
		return deviceWindows
	}
	return ""
}

func volume(device, size string) *v1.BlockDeviceMapping {
	return &v1.BlockDeviceMapping{
		DeviceName: ptr.To(device),
		EBS: &v1.BlockDevice{
			Encrypted:  ptr.To(true),
			VolumeSize: ptr.To(resource.MustParse(size)),
			VolumeType: ptr.To("gp3"),
		},
	}
}
