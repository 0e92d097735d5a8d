// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/placement"
)

const absent = "(absent)"

// AWS-120: the labels that follow from the description.
func TestLabels(t *testing.T) {
	gpu := func(name, maker string, count int32) ec2types.GpuDeviceInfo {
		return ec2types.GpuDeviceInfo{Name: &name, Manufacturer: &maker, Count: &count, MemoryInfo: &ec2types.GpuDeviceMemoryInfo{SizeInMiB: aws.Int32(16384)}}
	}
	neuron := func(count int32) ec2types.NeuronDeviceInfo {
		return ec2types.NeuronDeviceInfo{Name: aws.String("Trainium 2"), Count: &count, CoreInfo: &ec2types.NeuronDeviceCoreInfo{Count: aws.Int32(8)}}
	}
	for name, tc := range map[string]struct {
		info ec2types.InstanceTypeInfo
		want map[string]string
	}{
		"AWS-120 name": {m5large(), map[string]string{
			label.InstanceType: "m5.large", v1.LabelInstanceCategory: "m", v1.LabelInstanceGeneration: "5",
			v1.LabelInstanceFamily: "m5", v1.LabelInstanceSize: "large", v1.LabelInstanceCapabilityFlex: "false",
		}},
		"AWS-120 high memory": {info("u-24tb1.metal", 448, 25165824), map[string]string{
			v1.LabelInstanceCategory: "u", v1.LabelInstanceGeneration: "1", v1.LabelInstanceFamily: "u-24tb1", v1.LabelInstanceSize: "metal",
		}},
		"AWS-120 flex": {info("m7i-flex.large", 2, 8192), map[string]string{
			v1.LabelInstanceCapabilityFlex: "true", v1.LabelInstanceFamily: "m7i-flex", v1.LabelInstanceGeneration: "7",
		}},
		"AWS-120 odd name": {info("odd", 2, 8192), map[string]string{
			v1.LabelInstanceCategory: absent, v1.LabelInstanceGeneration: absent, v1.LabelInstanceFamily: absent, v1.LabelInstanceSize: absent,
		}},
		"AWS-120 processor and memory": {m5large(), map[string]string{
			v1.LabelInstanceCPU: "2", v1.LabelInstanceMemory: "8192", v1.LabelInstanceCPUManufacturer: "intel",
			v1.LabelInstanceCPUSustainedClockSpeedMhz: "3100",
		}},
		"AWS-120 unreported clock": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.ProcessorInfo.SustainedClockSpeedInGhz, i.ProcessorInfo.Manufacturer = nil, nil
		}), map[string]string{v1.LabelInstanceCPUSustainedClockSpeedMhz: "0", v1.LabelInstanceCPUManufacturer: absent}},
		"AWS-120 bare metal has no hypervisor": {m5large(func(i *ec2types.InstanceTypeInfo) { i.Hypervisor = "" }), map[string]string{v1.LabelInstanceHypervisor: ""}},
		"AWS-120 support": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.NetworkInfo.EncryptionInTransitSupported, i.NitroEnclavesSupport = aws.Bool(true), ec2types.NitroEnclavesSupportSupported
		}), map[string]string{v1.LabelInstanceEncryptionInTransitSupported: "true", v1.LabelNitroSandbox: "true", v1.LabelInstanceHypervisor: "nitro"}},
		"AWS-120 no support": {m5large(), map[string]string{v1.LabelInstanceEncryptionInTransitSupported: "false", v1.LabelNitroSandbox: "false"}},
		"AWS-120 EBS": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.EbsInfo = &ec2types.EbsInfo{EbsOptimizedSupport: ec2types.EbsOptimizedSupportDefault, EbsOptimizedInfo: &ec2types.EbsOptimizedInfo{MaximumBandwidthInMbps: aws.Int32(4750)}}
		}), map[string]string{v1.LabelInstanceEBSBandwidth: "4750"}},
		"AWS-120 EBS only by default": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.EbsInfo = &ec2types.EbsInfo{EbsOptimizedSupport: ec2types.EbsOptimizedSupportSupported, EbsOptimizedInfo: &ec2types.EbsOptimizedInfo{MaximumBandwidthInMbps: aws.Int32(4750)}}
		}), map[string]string{v1.LabelInstanceEBSBandwidth: absent}},
		"AWS-120 network of all cards": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.NetworkInfo.NetworkCards = []ec2types.NetworkCardInfo{
				{NetworkCardIndex: aws.Int32(0), BaselineBandwidthInGbps: aws.Float64(4.1)},
				{NetworkCardIndex: aws.Int32(1), BaselineBandwidthInGbps: aws.Float64(0.0006)}, {NetworkCardIndex: aws.Int32(2)},
			}
		}), map[string]string{v1.LabelInstanceNetworkBandwidth: "4100"}},
		"AWS-120 network unreported": {m5large(func(i *ec2types.InstanceTypeInfo) { i.NetworkInfo.NetworkCards[0].BaselineBandwidthInGbps = nil }), map[string]string{v1.LabelInstanceNetworkBandwidth: absent}},
		"AWS-120 NVMe": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.InstanceStorageInfo = &ec2types.InstanceStorageInfo{NvmeSupport: ec2types.EphemeralNvmeSupportRequired, TotalSizeInGB: aws.Int64(75)}
		}), map[string]string{v1.LabelInstanceLocalNVMe: "75"}},
		"AWS-120 old disks": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.InstanceStorageInfo = &ec2types.InstanceStorageInfo{NvmeSupport: ec2types.EphemeralNvmeSupportUnsupported, TotalSizeInGB: aws.Int64(75)}
		}), map[string]string{v1.LabelInstanceLocalNVMe: absent}},
		"AWS-120 GPU": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.GpuInfo = &ec2types.GpuInfo{Gpus: []ec2types.GpuDeviceInfo{gpu("Radeon Pro V520", "AMD", 4)}}
		}), map[string]string{
			v1.LabelInstanceGPUName: "radeon-pro-v520", v1.LabelInstanceGPUManufacturer: "amd",
			v1.LabelInstanceGPUCount: "4", v1.LabelInstanceGPUMemory: "16384",
		}},
		"AWS-204 a part of a GPU": {info("g6f.large", 2, 8192, func(i *ec2types.InstanceTypeInfo) {
			i.GpuInfo = &ec2types.GpuInfo{Gpus: []ec2types.GpuDeviceInfo{gpu("L4", "NVIDIA", 0)}}
		}), map[string]string{v1.LabelInstanceGPUCount: "0", v1.LabelInstanceGPUName: "l4"}},
		"AWS-120 GPUs of two kinds": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.GpuInfo = &ec2types.GpuInfo{Gpus: []ec2types.GpuDeviceInfo{gpu("A", "NVIDIA", 1), gpu("B", "NVIDIA", 1)}}
		}), map[string]string{v1.LabelInstanceGPUName: absent, v1.LabelInstanceGPUCount: absent}},
		"AWS-120 no accelerators": {m5large(), map[string]string{
			v1.LabelInstanceGPUName: absent, v1.LabelInstanceGPUManufacturer: absent, v1.LabelInstanceGPUCount: absent, v1.LabelInstanceGPUMemory: absent,
			v1.LabelInstanceAcceleratorName: absent, v1.LabelInstanceAcceleratorManufacturer: absent, v1.LabelInstanceAcceleratorCount: absent,
			v1.LabelInstanceLocalNVMe: absent, v1.LabelInstanceEBSBandwidth: absent,
		}},
		"AWS-120 Neuron before inference": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.NeuronInfo = &ec2types.NeuronInfo{NeuronDevices: []ec2types.NeuronDeviceInfo{neuron(16)}}
			i.InferenceAcceleratorInfo = &ec2types.InferenceAcceleratorInfo{Accelerators: []ec2types.InferenceDeviceInfo{{Name: aws.String("Other"), Count: aws.Int32(1)}}}
		}), map[string]string{
			v1.LabelInstanceAcceleratorName: "trainium-2", v1.LabelInstanceAcceleratorManufacturer: "aws", v1.LabelInstanceAcceleratorCount: "16",
		}},
		"AWS-120 inference": {m5large(func(i *ec2types.InstanceTypeInfo) {
			i.InferenceAcceleratorInfo = &ec2types.InferenceAcceleratorInfo{Accelerators: []ec2types.InferenceDeviceInfo{{
				Name: aws.String("Inferentia"), Manufacturer: aws.String("AWS"), Count: aws.Int32(4),
			}}}
		}), map[string]string{
			v1.LabelInstanceAcceleratorName: "inferentia", v1.LabelInstanceAcceleratorManufacturer: "aws", v1.LabelInstanceAcceleratorCount: "4",
		}},
		"AWS-121 x86":            {m5large(), map[string]string{label.Arch: "amd64", label.OS: "linux", label.Region: "us-east-1"}},
		"AWS-121 arm":            {m5large(arm), map[string]string{label.Arch: "arm64"}},
		"AWS-120 not in a group": {m5large(), map[string]string{v1.LabelPlacementGroupID: absent, v1.LabelPlacementGroupPartition: absent}},
		"AWS-120 not reserved": {m5large(), map[string]string{
			v1.LabelCapacityReservationID: absent, v1.LabelCapacityReservationType: absent, v1.LabelCapacityReservationInterruptible: absent,
		}},
		"AWS-120 Linux has no build": {m5large(), map[string]string{"node.kubernetes.io/windows-build": absent}},
	} {
		t.Run(name, func(t *testing.T) {
			reqs := newWorld(t, one(tc.info)).only(nodeClass()).Requirements
			for key, want := range tc.want {
				check(t, reqs, key, want)
			}
		})
	}
}

// check compares a label that has one value, or is absent.
func check(t *testing.T, reqs requirement.Requirements, key, want string) {
	t.Helper()
	r, defined := reqs.Get(key)
	value, single := r.Single()
	switch {
	case !defined:
		t.Errorf("%s is not defined", key)
	case want == absent && r.Operator() != requirement.OpDoesNotExist:
		t.Errorf("%s, want it to be absent", r)
	case want != absent && (!single || value != want):
		t.Errorf("%s, want %q", r, want)
	}
}

// AWS-120, AWS-121, AWS-362: the labels that depend on the NodeClass.
func TestNodeClassLabels(t *testing.T) {
	reservation := v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: "a", ReservationType: v1.CapacityReservationTypeCapacityBlock}
	for name, tc := range map[string]struct {
		info  ec2types.InstanceTypeInfo
		class *v1.EC2NodeClass
		group *placement.Group
		want  requirement.Requirement
	}{
		"AWS-121 zones with subnets":   {m5large(), nodeClass(), nil, requirement.In(label.Zone, "a", "b")},
		"AWS-120 zone IDs":             {m5large(), nodeClass(), nil, requirement.In(v1.LabelTopologyZoneID, "z1", "z2")},
		"AWS-121 capacity types":       {m5large(), nodeClass(), nil, requirement.In(label.CapacityType, "on-demand", "spot")},
		"AWS-121 not sold as spot":     {m5large(onDemandOnly), nodeClass(), nil, requirement.In(label.CapacityType, "on-demand")},
		"AWS-120 tenancy":              {m5large(), nodeClass(), nil, requirement.In(v1.LabelInstanceTenancy, "default", "dedicated")},
		"AWS-121 Windows":              {m5large(), nodeClass(family(v1.AMIFamilyWindows2022)), nil, requirement.In(label.OS, "windows")},
		"AWS-121 no Windows on arm64":  {m5large(arm), nodeClass(family(v1.AMIFamilyWindows2022)), nil, requirement.In(label.OS)},
		"AWS-120 Windows 2019":         {m5large(), nodeClass(family(v1.AMIFamilyWindows2019)), nil, requirement.In("node.kubernetes.io/windows-build", "10.0.17763")},
		"AWS-120 Windows 2022":         {m5large(), nodeClass(family(v1.AMIFamilyWindows2022)), nil, requirement.In("node.kubernetes.io/windows-build", "10.0.20348")},
		"AWS-120 Windows 2025":         {m5large(), nodeClass(family(v1.AMIFamilyWindows2025)), nil, requirement.In("node.kubernetes.io/windows-build", "10.0.26100")},
		"AWS-362 group":                {m5large(), nodeClass(), &placement.Group{ID: "pg-1", Strategy: "spread"}, requirement.In(v1.LabelPlacementGroupID, "pg-1")},
		"AWS-362 no partitions":        {m5large(), nodeClass(), &placement.Group{ID: "pg-1", Strategy: "spread", Partitions: 3}, requirement.DoesNotExist(v1.LabelPlacementGroupPartition)},
		"AWS-362 partitions":           {m5large(), nodeClass(), &placement.Group{ID: "pg-1", Strategy: "partition", Partitions: 3}, requirement.In(v1.LabelPlacementGroupPartition, "1", "2", "3")},
		"AWS-120 reservation":          {m5large(), nodeClass(reserve(reservation)), nil, requirement.In(v1.LabelCapacityReservationID, "cr-1")},
		"AWS-120 reservation type":     {m5large(), nodeClass(reserve(reservation)), nil, requirement.In(v1.LabelCapacityReservationType, "capacity-block")},
		"AWS-120 interruptible":        {m5large(), nodeClass(reserve(reservation)), nil, requirement.In(v1.LabelCapacityReservationInterruptible, "false")},
		"AWS-121 reserved":             {m5large(), nodeClass(reserve(reservation)), nil, requirement.In(label.CapacityType, "on-demand", "reserved", "spot")},
		"AWS-120 another reservation":  {info("c5.large", 2, 4096), nodeClass(reserve(reservation)), nil, requirement.DoesNotExist(v1.LabelCapacityReservationID)},
		"AWS-121 zone that sells none": {m5large(), nodeClass(func(c *v1.EC2NodeClass) { c.Status.Subnets[1].Zone = "d" }), nil, requirement.In(label.Zone, "a")},
	} {
		t.Run(name, func(t *testing.T) {
			it := newWorld(t, one(tc.info)).list(tc.class, tc.group)[0]
			if got, defined := it.Requirements.Get(tc.want.Key()); !defined || !got.Equal(tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// AWS-120: without subnets the zone ID is left open.
func TestZoneIDIsLeftOpen(t *testing.T) {
	it := newWorld(t, one(m5large())).only(nodeClass(func(c *v1.EC2NodeClass) { c.Status.Subnets = nil }))
	if it.Requirements.Has(v1.LabelTopologyZoneID) {
		t.Error("the zone ID is defined")
	}
	if len(it.Offerings) != 6 || len(it.Offerings.Available()) != 0 {
		t.Errorf("%d offerings, %d available", len(it.Offerings), len(it.Offerings.Available()))
	}
}

func onDemandOnly(i *ec2types.InstanceTypeInfo) {
	i.SupportedUsageClasses = []ec2types.UsageClassType{ec2types.UsageClassTypeOnDemand}
}

func reserve(rs ...v1.CapacityReservation) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Status.CapacityReservations = append(c.Status.CapacityReservations, rs...) }
}
