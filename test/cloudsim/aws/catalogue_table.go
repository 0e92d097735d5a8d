// SPDX-License-Identifier: Apache-2.0

package aws

import "strings"

const (
	x86 = "x86_64"
	arm = "arm64"
)

// families are lines of types, from public facts: list prices of us-east-1.
func families() []family {
	usual := strings.Fields("large xlarge 2xlarge 4xlarge 8xlarge")
	small := strings.Fields("large xlarge 2xlarge 4xlarge")
	graviton := append(strings.Fields("medium"), small...)
	full := append(strings.Fields("metal 12xlarge 24xlarge"), usual...)
	return []family{
		{"m5", x86, "Intel", 3.1, 4, 0.096, 0, full},
		{"m5a", x86, "AMD", 2.5, 4, 0.086, 0, small},
		{"m5d", x86, "Intel", 3.1, 4, 0.113, 37.5, small},
		{"m6i", x86, "Intel", 3.5, 4, 0.096, 0, usual},
		{"m6g", arm, "AWS", 2.5, 4, 0.077, 0, append(strings.Fields("metal"), graviton...)},
		{"m7i", x86, "Intel", 3.2, 4, 0.1008, 0, usual},
		{"m7g", arm, "AWS", 2.6, 4, 0.0816, 0, graviton},
		{"c5", x86, "Intel", 3.4, 2, 0.085, 0, small},
		{"c5a", x86, "AMD", 3.3, 2, 0.077, 0, small},
		{"c6i", x86, "Intel", 3.5, 2, 0.085, 0, usual},
		{"c6g", arm, "AWS", 2.5, 2, 0.068, 0, graviton},
		{"c7g", arm, "AWS", 2.6, 2, 0.0725, 0, graviton},
		{"r5", x86, "Intel", 3.1, 8, 0.126, 0, small},
		{"r5a", x86, "AMD", 2.5, 8, 0.113, 0, small},
		{"r6i", x86, "Intel", 3.5, 8, 0.126, 0, small},
		{"r6g", arm, "AWS", 2.5, 8, 0.1008, 0, graviton},
		{"i4i", x86, "Intel", 3.5, 8, 0.1716, 234, small},
		{"a1", arm, "AWS", 2.3, 2, 0.051, 0, strings.Fields("medium large xlarge")},
	}
}

// singles are types that follow no line.
func singles() []machineType {
	t4 := func(n int) accelerator { return accelerator{name: "T4", maker: "NVIDIA", count: n, mib: 16384} }
	a10g := func(n int) accelerator { return accelerator{name: "A10G", maker: "NVIDIA", count: n, mib: 22888} }
	inf := func(n int) accelerator { return accelerator{name: "Inferentia2", count: n, mib: 32768, cores: 2} }
	list := []machineType{
		{family: "t3", size: "small", vcpus: 2, mib: 2 * gib, price: 0.0208, enis: 3, addresses: 4, burstable: true},
		{family: "t3", size: "medium", vcpus: 2, mib: 4 * gib, price: 0.0416, enis: 3, addresses: 6, burstable: true},
		{family: "t3", size: "large", vcpus: 2, mib: 8 * gib, price: 0.0832, enis: 3, addresses: 12, burstable: true},
		{family: "t4g", size: "medium", arch: arm, maker: "AWS", vcpus: 2, mib: 4 * gib, price: 0.0336, enis: 3, addresses: 6, burstable: true},
		{family: "t4g", size: "large", arch: arm, maker: "AWS", vcpus: 2, mib: 8 * gib, price: 0.0672, enis: 3, addresses: 12, burstable: true},
		{family: "g4dn", size: "xlarge", vcpus: 4, mib: 16 * gib, price: 0.526, enis: 3, addresses: 10, diskGB: 125, gpu: t4(1)},
		{family: "g4dn", size: "2xlarge", vcpus: 8, mib: 32 * gib, price: 0.752, enis: 3, addresses: 10, diskGB: 225, gpu: t4(1)},
		{family: "g4dn", size: "12xlarge", vcpus: 48, mib: 192 * gib, price: 3.912, diskGB: 900, gpu: t4(4)},
		{family: "g5", size: "xlarge", vcpus: 4, mib: 16 * gib, price: 1.006, diskGB: 250, gpu: a10g(1)},
		{family: "g5", size: "2xlarge", vcpus: 8, mib: 32 * gib, price: 1.212, diskGB: 450, gpu: a10g(1)},
		{family: "g5", size: "12xlarge", vcpus: 48, mib: 192 * gib, price: 5.672, enis: 15, addresses: 50, diskGB: 3800, gpu: a10g(4), efas: 1},
		{family: "m4", size: "large", vcpus: 2, mib: 8 * gib, price: 0.1, enis: 2, addresses: 10, gbps: 0.45, xen: true},
		{family: "g4ad", size: "xlarge", vcpus: 4, mib: 16 * gib, price: 0.37853, maker: "AMD", enis: 2, addresses: 4, diskGB: 150,
			gpu: accelerator{name: "Radeon Pro V520", maker: "AMD", count: 1, mib: 8192}},
		{family: "p4d", size: "24xlarge", vcpus: 96, mib: 1152 * gib, price: 32.7726, diskGB: 8000, cards: 4, efas: 4, gbps: 400,
			gpu: accelerator{name: "A100", maker: "NVIDIA", count: 8, mib: 40960}},
		{family: "inf2", size: "xlarge", vcpus: 4, mib: 16 * gib, price: 0.7582, neuron: inf(1)},
		{family: "inf2", size: "8xlarge", vcpus: 32, mib: 128 * gib, price: 1.9679, neuron: inf(1)},
		{family: "inf2", size: "24xlarge", vcpus: 96, mib: 384 * gib, price: 6.4906, neuron: inf(6)},
		{family: "trn1", size: "2xlarge", vcpus: 8, mib: 32 * gib, price: 1.3438, diskGB: 474,
			neuron: accelerator{name: "Trainium", count: 1, mib: 32768, cores: 2}},
	}
	for i := range list {
		list[i].complete()
	}
	return list
}

// gib is in MiB.
const gib = 1024

// complete fills in what most types have.
func (t *machineType) complete() {
	t.ghz, t.cards, t.ebsMbps = 2.5, max(1, t.cards), max(2085, 300*t.vcpus)
	t.arch, t.maker = first(t.arch, x86), first(t.maker, "Intel")
	if t.enis == 0 {
		t.enis, t.addresses = interfaces(t.vcpus)
	}
	if t.gbps == 0 {
		t.gbps = 0.5 * float64(t.vcpus)
	}
}
