// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"

	"karpenter.sh/test/cloudsim/wire"
)

// tree is the type as DescribeInstanceTypes tells it.
func (t *machineType) tree() wire.Tree {
	strategies := []string{"partition", "spread", "cluster"}
	if t.burstable {
		strategies = strategies[:2]
	}
	out := wire.Tree{
		"InstanceType": t.name, "CurrentGeneration": !t.xen, "FreeTierEligible": false,
		"SupportedUsageClasses": t.usages(), "SupportedRootDeviceTypes": []string{"ebs"},
		"SupportedVirtualizationTypes": []string{"hvm"}, "BareMetal": t.metal,
		"ProcessorInfo": wire.Tree{
			"SupportedArchitectures": []string{t.arch}, "SustainedClockSpeedInGhz": t.ghz, "Manufacturer": t.maker,
		},
		"VCpuInfo":                      t.cpuTree(),
		"MemoryInfo":                    wire.Tree{"SizeInMiB": t.mib},
		"InstanceStorageSupported":      t.diskGB > 0,
		"EbsInfo":                       t.ebsTree(),
		"NetworkInfo":                   t.networkTree(),
		"PlacementGroupInfo":            wire.Tree{"SupportedStrategies": strategies},
		"HibernationSupported":          false,
		"BurstablePerformanceSupported": t.burstable,
		"DedicatedHostsSupported":       !t.burstable,
		"AutoRecoverySupported":         !t.metal,
		"NitroEnclavesSupport":          support(!t.metal && !t.xen && !t.burstable && t.vcpus >= 4),
	}
	if h := t.hypervisor(); h != "" {
		out["Hypervisor"] = h
	}
	if t.diskGB > 0 {
		out["InstanceStorageInfo"] = wire.Tree{
			"TotalSizeInGB": t.diskGB, "NvmeSupport": "required", "EncryptionSupport": "required",
			"Disks": []wire.Tree{{"SizeInGB": t.diskGB, "Count": 1, "Type": "ssd"}},
		}
	}
	t.devices(out)
	return out
}

func (t *machineType) devices(out wire.Tree) {
	if g := t.gpu; g.count > 0 {
		out["GpuInfo"] = wire.Tree{
			"TotalGpuMemoryInMiB": g.count * g.mib,
			"Gpus": []wire.Tree{{
				"Name": g.name, "Manufacturer": g.maker, "Count": g.count, "MemoryInfo": wire.Tree{"SizeInMiB": g.mib},
			}},
		}
	}
	if n := t.neuron; n.count > 0 {
		out["NeuronInfo"] = wire.Tree{
			"TotalNeuronDeviceMemoryInMiB": n.count * n.mib,
			"NeuronDevices": []wire.Tree{{
				"Name": n.name, "Count": n.count, "MemoryInfo": wire.Tree{"SizeInMiB": n.mib},
				"CoreInfo": wire.Tree{"Count": n.cores, "Version": 2},
			}},
		}
	}
}

func (t *machineType) cpuTree() wire.Tree {
	threads := 2
	if t.arch == arm {
		threads = 1
	}
	return wire.Tree{
		"DefaultVCpus": t.vcpus, "DefaultCores": max(1, t.vcpus/threads), "DefaultThreadsPerCore": min(threads, t.vcpus),
	}
}

func (t *machineType) ebsTree() wire.Tree {
	return wire.Tree{
		"EbsOptimizedSupport": "default", "EncryptionSupport": "supported", "NvmeSupport": "required",
		"EbsOptimizedInfo": wire.Tree{
			"BaselineBandwidthInMbps": t.ebsMbps / 2, "MaximumBandwidthInMbps": t.ebsMbps,
			"BaselineThroughputInMBps": float64(t.ebsMbps) / 16, "MaximumThroughputInMBps": float64(t.ebsMbps) / 8,
			"BaselineIops": t.ebsMbps * 2, "MaximumIops": t.ebsMbps * 4,
		},
	}
}

func (t *machineType) networkTree() wire.Tree {
	performance := fmt.Sprintf("Up to %v Gigabit", t.gbps*4)
	var cards []wire.Tree
	for i := range t.cards {
		cards = append(cards, wire.Tree{
			"NetworkCardIndex": i, "NetworkPerformance": performance, "MaximumNetworkInterfaces": t.enis,
			"BaselineBandwidthInGbps": t.gbps / float64(t.cards), "PeakBandwidthInGbps": t.gbps * 4 / float64(t.cards),
		})
	}
	out := wire.Tree{
		"NetworkPerformance": performance, "MaximumNetworkInterfaces": t.enis * t.cards, "MaximumNetworkCards": t.cards,
		"DefaultNetworkCardIndex": 0, "NetworkCards": cards, "Ipv4AddressesPerInterface": t.addresses,
		"Ipv6AddressesPerInterface": t.addresses, "Ipv6Supported": true, "EnaSupport": "required",
		"EfaSupported": t.efas > 0, "EncryptionInTransitSupported": !t.burstable && !t.xen,
	}
	if t.efas > 0 {
		out["EfaInfo"] = wire.Tree{"MaximumEfaInterfaces": t.efas}
	}
	return out
}

func support(yes bool) string {
	if yes {
		return "supported"
	}
	return "unsupported"
}
