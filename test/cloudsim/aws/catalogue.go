// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"cmp"
	"fmt"
	"slices"
)

// machineType is one instance type.
type machineType struct {
	name, family, size string
	arch               string // x86_64 or arm64
	maker              string // of the processor
	ghz                float64
	vcpus, mib         int
	price              float64 // USD per hour, on demand, us-east-1
	enis, addresses    int     // interfaces, and IPv4 addresses of each
	cards              int     // network cards
	efas               int
	gbps               float64 // baseline of the network, all cards together
	ebsMbps            int
	diskGB             int
	metal, burstable   bool
	xen                bool // not on the Nitro hypervisor
	spotless           bool // never sold as spot
	gpu                accelerator
	neuron             accelerator
}

// accelerator are the devices of a type, all of one kind.
type accelerator struct {
	name, maker string
	count, mib  int
	cores       int // of each; Neuron only
}

// catalogue are the types that are sold, by name.
type catalogue struct {
	byName map[string]*machineType
	sorted []*machineType
}

func newCatalogue() (*catalogue, error) {
	c := &catalogue{byName: map[string]*machineType{}}
	for _, f := range families() {
		for _, size := range f.sizes {
			t, err := f.machine(size)
			if err != nil {
				return nil, err
			}
			c.add(t)
		}
	}
	for _, t := range singles() {
		c.add(&t)
	}
	slices.SortFunc(c.sorted, func(a, b *machineType) int { return cmp.Compare(a.name, b.name) })
	return c, nil
}

func (c *catalogue) add(t *machineType) {
	t.name = t.family + "." + t.size
	c.byName[t.name] = t
	c.sorted = append(c.sorted, t)
}

// family is a line of types whose sizes differ by a factor.
type family struct {
	name, arch, maker string
	ghz               float64
	gib               int     // memory per vCPU
	price             float64 // of two vCPUs
	disk              float64 // GB of instance store per vCPU
	sizes             []string
}

// machine is one size of the family.
func (f family) machine(size string) (*machineType, error) {
	vcpus, ok := map[string]int{
		"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32,
		"12xlarge": 48, "16xlarge": 64, "24xlarge": 96, "metal": 96,
	}[size]
	if !ok {
		return nil, fmt.Errorf("catalogue: there is no size %s", size)
	}
	if size == "metal" && f.arch == arm {
		vcpus = 64
	}
	enis, addresses := interfaces(vcpus)
	return &machineType{
		family: f.name, size: size, arch: f.arch, maker: f.maker, ghz: f.ghz,
		vcpus: vcpus, mib: vcpus * f.gib * 1024, price: f.price * float64(vcpus) / 2,
		enis: enis, addresses: addresses, cards: 1, gbps: 0.375 * float64(vcpus),
		ebsMbps: max(4750, 300*vcpus), diskGB: int(f.disk * float64(vcpus)), metal: size == "metal",
	}, nil
}

// interfaces are the limits of network interfaces and of the addresses of each, as
// they are for most types of so many vCPUs.
func interfaces(vcpus int) (enis, addresses int) {
	switch {
	case vcpus < 2:
		return 2, 4
	case vcpus < 4:
		return 3, 10
	case vcpus < 16:
		return 4, 15
	case vcpus < 64:
		return 8, 30
	}
	return 15, 50
}

// maxPods is what the image allows by itself: one address of each interface is the
// interface's own.
func (t *machineType) maxPods() int { return t.enis*(t.addresses-1) + 2 }
