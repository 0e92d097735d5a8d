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
	a10g := func(n int) accelerator { return accelerator{name: "A10G", maker: "NVIDIA", count: n, mib: 24576} }
	inf := func(n int) accelerator { return accelerator{name: "Inferentia2", count: n, mib: 32768, cores: 2} }
	return []machineType{
		burstable("t3", "small", x86, 2048, 0.0208, 3, 4),
		burstable("t3", "medium", x86, 4096, 0.0416, 3, 6),
		burstable("t3", "large", x86, 8192, 0.0832, 3, 12),
		burstable("t4g", "medium", arm, 4096, 0.0336, 3, 6),
		burstable("t4g", "large", arm, 8192, 0.0672, 3, 12),
		device("g4dn", "xlarge", 4, 16, 0.526, machineType{diskGB: 125, gpu: t4(1)}),
		device("g4dn", "2xlarge", 8, 32, 0.752, machineType{diskGB: 225, gpu: t4(1)}),
		device("g4dn", "12xlarge", 48, 192, 3.912, machineType{diskGB: 900, gpu: t4(4)}),
		device("g5", "xlarge", 4, 16, 1.006, machineType{diskGB: 250, gpu: a10g(1)}),
		device("g5", "2xlarge", 8, 32, 1.212, machineType{diskGB: 450, gpu: a10g(1)}),
		device("g5", "12xlarge", 48, 192, 5.672, machineType{diskGB: 3800, gpu: a10g(4), efas: 1}),
		device("p3", "2xlarge", 8, 61, 3.06, machineType{xen: true, gpu: accelerator{name: "V100", maker: "NVIDIA", count: 1, mib: 16384}}),
		device("p4d", "24xlarge", 96, 1152, 32.7726, machineType{
			diskGB: 8000, cards: 4, efas: 4, gbps: 400, gpu: accelerator{name: "A100", maker: "NVIDIA", count: 8, mib: 40960},
		}),
		device("inf2", "xlarge", 4, 16, 0.7582, machineType{neuron: inf(1)}),
		device("inf2", "8xlarge", 32, 128, 1.9679, machineType{neuron: inf(1)}),
		device("inf2", "24xlarge", 96, 384, 6.4906, machineType{neuron: inf(6)}),
		device("trn1", "2xlarge", 8, 32, 1.3438, machineType{diskGB: 474, neuron: accelerator{name: "Trainium", count: 1, mib: 32768, cores: 2}}),
	}
}

func burstable(name, size, arch string, mib int, price float64, nets ...int) machineType {
	maker := map[string]string{x86: "Intel", arm: "AWS"}[arch]
	return machineType{
		family: name, size: size, arch: arch, maker: maker, ghz: 2.5, vcpus: 2, mib: mib, price: price,
		enis: nets[0], addresses: nets[1], cards: 1, gbps: 0.512, ebsMbps: 2085, burstable: true,
	}
}

// device completes a type with devices.
func device(name, size string, vcpus, gib int, price float64, t machineType) machineType {
	t.family, t.size, t.arch, t.maker, t.ghz = name, size, x86, "Intel", 2.5
	t.vcpus, t.mib, t.price = vcpus, gib*1024, price
	t.enis, t.addresses = interfaces(vcpus)
	t.cards = max(1, t.cards)
	t.ebsMbps = max(4750, 300*vcpus)
	if t.gbps == 0 {
		t.gbps = 0.5 * float64(vcpus)
	}
	return t
}
