// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	v1 "karpenter.sh/providers/aws/apis/v1"
)

const (
	raid0 = "RAID0"
	// defaultDisk is what volumes for pods have where nothing says otherwise, windowsDisk
	// on Windows (AWS-170).
	defaultDisk = 20 * gibi
	windowsDisk = 50 * gibi
)

// disk is the ephemeral storage in bytes; the first that applies (AWS-205). Windows
// does nothing with an instance store (AWS-167).
func (s subject) disk(d *description) int64 {
	if p := s.spec.InstanceStorePolicy; p != nil && *p == raid0 && d.instanceStoreGB() > 0 && !v1.IsWindows(s.family) {
		return d.instanceStoreGB() * 1_000_000_000
	}
	if size, ok := s.volume(func(m *v1.BlockDeviceMapping) bool { return m.RootVolume }); ok {
		return size
	}
	if s.family == v1.AMIFamilyCustom {
		if size, ok := s.volume(func(*v1.BlockDeviceMapping) bool { return true }); ok {
			return size
		}
		return defaultDisk
	}
	device, size := dataDevice(s.family)
	if found, ok := s.volume(func(m *v1.BlockDeviceMapping) bool { return m.DeviceName != nil && *m.DeviceName == device }); ok {
		return found
	}
	return size
}

// volume is the size of the last mapping that has one and satisfies the condition.
func (s subject) volume(condition func(*v1.BlockDeviceMapping) bool) (size int64, ok bool) {
	for _, m := range s.spec.BlockDeviceMappings {
		if m != nil && m.EBS != nil && m.EBS.VolumeSize != nil && condition(m) {
			size, ok = m.EBS.VolumeSize.Value(), true
		}
	}
	return size, ok
}

// dataDevice is where images of a family keep what belongs to pods, and its size
// unless configured.
func dataDevice(family string) (device string, size int64) {
	switch {
	case family == v1.AMIFamilyBottlerocket:
		return "/dev/xvdb", defaultDisk
	case v1.IsWindows(family):
		return "/dev/sda1", windowsDisk
	}
	return "/dev/xvda", defaultDisk
}
