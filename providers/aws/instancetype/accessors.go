// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// What EC2 does not tell is zero, so that no missing part of an answer is a panic.

func (d *description) vcpus() int64 {
	if d.VCpuInfo == nil {
		return 0
	}
	return int64(aws.ToInt32(d.VCpuInfo.DefaultVCpus))
}

// mebibytes of memory, as the type is sold.
func (d *description) mebibytes() int64 {
	if d.MemoryInfo == nil {
		return 0
	}
	return aws.ToInt64(d.MemoryInfo.SizeInMiB)
}

// architecture is that of Kubernetes, empty if there is none that it runs on
// (AWS-121).
func (d *description) architecture() string {
	for _, a := range d.architectures() {
		switch a {
		case ec2types.ArchitectureTypeX8664:
			return "amd64"
		case ec2types.ArchitectureTypeArm64:
			return "arm64"
		}
	}
	return ""
}

func (d *description) architectures() []ec2types.ArchitectureType {
	if d.ProcessorInfo == nil {
		return nil
	}
	return d.ProcessorInfo.SupportedArchitectures
}

// family and size are the parts around the single dot; both empty without one.
func (d *description) family() string { family, _ := d.parts(); return family }

func (d *description) parts() (family, size string) {
	family, size, found := strings.Cut(d.name, ".")
	if !found || strings.Contains(size, ".") {
		return "", ""
	}
	return family, size
}

func (d *description) network() ec2types.NetworkInfo {
	if d.NetworkInfo == nil {
		return ec2types.NetworkInfo{}
	}
	return *d.NetworkInfo
}

// interfaces is the most that the default network card has (AWS-206).
func (d *description) interfaces() int64 {
	network := d.network()
	if card, ok := d.card(aws.ToInt32(network.DefaultNetworkCardIndex)); ok {
		return int64(aws.ToInt32(card.MaximumNetworkInterfaces))
	}
	return int64(aws.ToInt32(network.MaximumNetworkInterfaces))
}

func (d *description) card(index int32) (ec2types.NetworkCardInfo, bool) {
	cards := d.network().NetworkCards
	i := slices.IndexFunc(cards, func(c ec2types.NetworkCardInfo) bool { return aws.ToInt32(c.NetworkCardIndex) == index })
	if i < 0 {
		return ec2types.NetworkCardInfo{}, false
	}
	return cards[i], true
}

// addresses are the IPv4 addresses of each interface.
func (d *description) addresses() int64 {
	return int64(aws.ToInt32(d.network().Ipv4AddressesPerInterface))
}

// efas is the most interfaces of the Elastic Fabric Adapter.
func (d *description) efas() int64 {
	if info := d.network().EfaInfo; info != nil {
		return int64(aws.ToInt32(info.MaximumEfaInterfaces))
	}
	return 0
}

// instanceStoreGB is the whole instance store; 0 without one.
func (d *description) instanceStoreGB() int64 {
	if d.InstanceStorageInfo == nil {
		return 0
	}
	return aws.ToInt64(d.InstanceStorageInfo.TotalSizeInGB)
}

func (d *description) gpus() []ec2types.GpuDeviceInfo {
	if d.GpuInfo == nil {
		return nil
	}
	return d.GpuInfo.Gpus
}

func (d *description) neurons() []ec2types.NeuronDeviceInfo {
	if d.NeuronInfo == nil {
		return nil
	}
	return d.NeuronInfo.NeuronDevices
}

// sells reports whether a zone sells the type.
func (d *description) sells(zone string) bool {
	_, found := slices.BinarySearch(d.zones, zone)
	return found
}

// buys reports whether the type is sold under a usage class.
func (d *description) buys(class ec2types.UsageClassType) bool {
	return slices.Contains(d.SupportedUsageClasses, class)
}
