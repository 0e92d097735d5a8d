// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

const (
	mebi = 1 << 20
	gibi = 1 << 30
	// armMebibytes are what the firmware of arm64 machines keeps.
	armMebibytes = 64
)

// estimate is the memory capacity in bytes that a node will report, given the share
// that hypervisor and kernel keep (AWS-201).
func (d *description) estimate(overhead float64) int64 {
	m := d.mebibytes()
	if list := d.architectures(); len(list) > 0 && list[0] == ec2types.ArchitectureTypeArm64 {
		m -= armMebibytes
	}
	return max(0, m-int64(math.Ceil(float64(m)*overhead))) * mebi
}

// resources are the capacity of a machine, but for zeros, which say nothing
// (AWS-201).
func (t *terms) resources(d *description, memory, disk, pods int64) corev1.ResourceList {
	counts := map[corev1.ResourceName]int64{
		corev1.ResourceCPU:       d.vcpus(),
		corev1.ResourcePods:      pods,
		v1.ResourceAWSPodENI:     t.branches[d.name],
		v1.ResourceEFA:           t.subject.efas(d),
		v1.ResourceAWSNeuronCore: d.neuronCores(),
	}
	for _, gpu := range d.gpus() {
		if name, ok := gpuResource(aws.ToString(gpu.Manufacturer)); ok {
			counts[name] += int64(aws.ToInt32(gpu.Count))
		}
	}
	for _, device := range d.neurons() {
		counts[v1.ResourceAWSNeuron] += int64(aws.ToInt32(device.Count))
	}
	if v1.IsWindows(t.subject.family) {
		counts[v1.ResourcePrivateIPv4Address] = max(0, d.addresses()-1)
	}
	out := corev1.ResourceList{
		corev1.ResourceMemory:           *resource.NewQuantity(memory, resource.BinarySI),
		corev1.ResourceEphemeralStorage: *resource.NewQuantity(disk, resource.BinarySI),
		corev1.ResourcePods:             *resource.NewQuantity(pods, resource.DecimalSI), // 0 pods is said
	}
	for name, count := range counts {
		if count > 0 {
			out[name] = *resource.NewQuantity(count, resource.DecimalSI)
		}
	}
	return out
}

// gpuResource is what the device plugin of a manufacturer calls its devices.
func gpuResource(manufacturer string) (corev1.ResourceName, bool) {
	switch manufacturer {
	case "NVIDIA":
		return v1.ResourceNVIDIAGPU, true
	case "AMD":
		return v1.ResourceAMDGPU, true
	case "Habana":
		return v1.ResourceHabanaGaudi, true
	}
	return "", false
}

func (d *description) neuronCores() int64 {
	devices := d.neurons()
	if len(devices) == 0 || devices[0].CoreInfo == nil {
		return 0
	}
	return int64(aws.ToInt32(devices[0].Count)) * int64(aws.ToInt32(devices[0].CoreInfo.Count))
}

// efas are the interfaces of the Elastic Fabric Adapter that a machine gets: those the
// NodeClass lists, else as many as the type can have.
func (s subject) efas(d *description) int64 {
	if len(s.spec.NetworkInterfaces) == 0 {
		return d.efas()
	}
	return s.efaOnly(func(*v1.NetworkInterface) bool { return true })
}

// efaOnly counts the efa-only interfaces that the NodeClass lists.
func (s subject) efaOnly(condition func(*v1.NetworkInterface) bool) int64 {
	var n int64
	for _, i := range s.spec.NetworkInterfaces {
		if i != nil && i.InterfaceType == v1.InterfaceTypeEFAOnly && condition(i) {
			n++
		}
	}
	return n
}
