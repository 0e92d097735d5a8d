// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

const (
	raid0 = "RAID0"
	// defaultDisk is what pods have where neither NodeClass nor family says anything
	// (AWS-205).
	defaultDisk = 20 * gibi
)

// disk is the ephemeral storage in bytes; the first that applies (AWS-205). Windows
// does nothing with an instance store (AWS-167).
func (s subject) disk(d *description) int64 {
	if p := s.spec.InstanceStorePolicy; p != nil && *p == raid0 && d.instanceStoreGB() > 0 && !v1.IsWindows(s.family) {
		return d.instanceStoreGB() * 1_000_000_000
	}
	configured := s.spec.BlockDeviceMappings
	if size, ok := volume(configured, func(m *v1.BlockDeviceMapping) bool { return m.RootVolume }); ok {
		return size
	}
	ofPods := dataVolume(s.family)
	for _, mappings := range [][]*v1.BlockDeviceMapping{configured, userdata.DefaultBlockDevices(s.family)} {
		if size, ok := volume(mappings, ofPods); ok {
			return size
		}
	}
	return defaultDisk
}

// dataVolume tells the mapping that is for what belongs to pods. Custom images say
// nothing about it, so there it is any.
func dataVolume(family string) func(*v1.BlockDeviceMapping) bool {
	if family == v1.AMIFamilyCustom {
		return func(*v1.BlockDeviceMapping) bool { return true }
	}
	device := userdata.DataDevice(family)
	return func(m *v1.BlockDeviceMapping) bool { return m.DeviceName != nil && *m.DeviceName == device }
}

// volume is the size of the last mapping that has one and satisfies the condition.
func volume(mappings []*v1.BlockDeviceMapping, condition func(*v1.BlockDeviceMapping) bool) (size int64, ok bool) {
	for _, m := range mappings {
		if m != nil && m.EBS != nil && m.EBS.VolumeSize != nil && condition(m) {
			size, ok = m.EBS.VolumeSize.Value(), true
		}
	}
	return size, ok
}
