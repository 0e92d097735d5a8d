// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// describedKeys are the labels that follow from the description of a type alone
// (AWS-120).
func describedKeys() []string {
	return []string{
		label.InstanceType, label.Arch,
		v1.LabelInstanceCategory, v1.LabelInstanceGeneration, v1.LabelInstanceFamily, v1.LabelInstanceSize,
		v1.LabelInstanceCapabilityFlex, v1.LabelInstanceCPU, v1.LabelInstanceCPUManufacturer,
		v1.LabelInstanceCPUSustainedClockSpeedMhz, v1.LabelInstanceMemory, v1.LabelInstanceHypervisor,
		v1.LabelInstanceEncryptionInTransitSupported, v1.LabelNitroSandbox, v1.LabelInstanceEBSBandwidth,
		v1.LabelInstanceNetworkBandwidth, v1.LabelInstanceLocalNVMe, v1.LabelInstanceGPUName,
		v1.LabelInstanceGPUManufacturer, v1.LabelInstanceGPUCount, v1.LabelInstanceGPUMemory,
		v1.LabelInstanceAcceleratorName, v1.LabelInstanceAcceleratorManufacturer, v1.LabelInstanceAcceleratorCount,
	}
}

// describedLabels define every key of describedKeys: with its value, or as not
// existing.
func describedLabels(d *description) requirement.Requirements {
	values := map[string]string{
		label.InstanceType:                           d.name,
		label.Arch:                                   d.architecture(),
		v1.LabelInstanceCPU:                          strconv.FormatInt(d.vcpus(), 10),
		v1.LabelInstanceMemory:                       strconv.FormatInt(d.mebibytes(), 10),
		v1.LabelInstanceHypervisor:                   string(d.Hypervisor), // empty on bare metal
		v1.LabelInstanceEncryptionInTransitSupported: strconv.FormatBool(aws.ToBool(d.network().EncryptionInTransitSupported)),
		v1.LabelNitroSandbox:                         strconv.FormatBool(d.NitroEnclavesSupport == ec2types.NitroEnclavesSupportSupported),
	}
	d.nameLabels(values)
	d.processorLabels(values)
	d.bandwidthLabels(values)
	d.gpuLabels(values)
	d.acceleratorLabels(values)
	keys := describedKeys()
	out := make([]requirement.Requirement, len(keys))
	for i, key := range keys {
		out[i] = requirement.DoesNotExist(key)
		if value, ok := values[key]; ok {
			out[i] = requirement.In(key, value)
		}
	}
	return requirement.All(out...)
}

// nameScheme finds category and generation in a name such as m5.large or u-24tb1.metal.
var nameScheme = regexp.MustCompile(`(^[a-z]+)(\-[0-9]+tb)?([0-9]+).*\.`)

func (d *description) nameLabels(values map[string]string) {
	if groups := nameScheme.FindStringSubmatch(d.name); groups != nil {
		values[v1.LabelInstanceCategory], values[v1.LabelInstanceGeneration] = groups[1], groups[3]
	}
	family, size := d.parts()
	if family != "" {
		values[v1.LabelInstanceFamily], values[v1.LabelInstanceSize] = family, size
	}
	values[v1.LabelInstanceCapabilityFlex] = strconv.FormatBool(strings.Contains(family, "-flex"))
}

func (d *description) processorLabels(values map[string]string) {
	clock := 0.0
	if d.ProcessorInfo != nil {
		clock = aws.ToFloat64(d.ProcessorInfo.SustainedClockSpeedInGhz)
		set(values, v1.LabelInstanceCPUManufacturer, kebab(d.ProcessorInfo.Manufacturer))
	}
	values[v1.LabelInstanceCPUSustainedClockSpeedMhz] = strconv.FormatInt(int64(math.Round(clock*1000)), 10)
}

func (d *description) bandwidthLabels(values map[string]string) {
	if e := d.EbsInfo; e != nil && e.EbsOptimizedSupport == ec2types.EbsOptimizedSupportDefault &&
		e.EbsOptimizedInfo != nil && e.EbsOptimizedInfo.MaximumBandwidthInMbps != nil {
		values[v1.LabelInstanceEBSBandwidth] = strconv.Itoa(int(*e.EbsOptimizedInfo.MaximumBandwidthInMbps))
	}
	if mbps, ok := d.networkMbps(); ok {
		values[v1.LabelInstanceNetworkBandwidth] = strconv.FormatInt(mbps, 10)
	}
	if s := d.InstanceStorageInfo; s != nil && s.NvmeSupport != ec2types.EphemeralNvmeSupportUnsupported && s.TotalSizeInGB != nil {
		values[v1.LabelInstanceLocalNVMe] = strconv.FormatInt(*s.TotalSizeInGB, 10)
	}
}

// networkMbps is the baseline of all cards that report one.
func (d *description) networkMbps() (mbps int64, reported bool) {
	gbps := 0.0
	for _, card := range d.network().NetworkCards {
		if card.BaselineBandwidthInGbps != nil {
			gbps, reported = gbps+*card.BaselineBandwidthInGbps, true
		}
	}
	const noise = 1e-6 // 4.1 times 1000 must not be cut off to 4099
	return int64(gbps*1000 + noise), reported
}

func (d *description) gpuLabels(values map[string]string) {
	gpus := d.gpus()
	if len(gpus) != 1 {
		return
	}
	set(values, v1.LabelInstanceGPUName, kebab(gpus[0].Name))
	set(values, v1.LabelInstanceGPUManufacturer, kebab(gpus[0].Manufacturer))
	values[v1.LabelInstanceGPUCount] = strconv.Itoa(int(aws.ToInt32(gpus[0].Count)))
	if memory := gpus[0].MemoryInfo; memory != nil && memory.SizeInMiB != nil {
		values[v1.LabelInstanceGPUMemory] = strconv.Itoa(int(*memory.SizeInMiB))
	}
}

// acceleratorLabels are those of Neuron devices, else of inference accelerators.
func (d *description) acceleratorLabels(values map[string]string) {
	if neurons := d.neurons(); d.NeuronInfo != nil {
		if len(neurons) == 1 {
			set(values, v1.LabelInstanceAcceleratorName, kebab(neurons[0].Name))
			values[v1.LabelInstanceAcceleratorManufacturer] = "aws"
			values[v1.LabelInstanceAcceleratorCount] = strconv.Itoa(int(aws.ToInt32(neurons[0].Count)))
		}
		return
	}
	if d.InferenceAcceleratorInfo == nil || len(d.InferenceAcceleratorInfo.Accelerators) != 1 {
		return
	}
	device := d.InferenceAcceleratorInfo.Accelerators[0]
	set(values, v1.LabelInstanceAcceleratorName, kebab(device.Name))
	set(values, v1.LabelInstanceAcceleratorManufacturer, kebab(device.Manufacturer))
	values[v1.LabelInstanceAcceleratorCount] = strconv.Itoa(int(aws.ToInt32(device.Count)))
}

func set(values map[string]string, key, value string) {
	if value != "" {
		values[key] = value
	}
}

func kebab(text *string) string {
	return strings.ReplaceAll(strings.ToLower(aws.ToString(text)), " ", "-")
}
