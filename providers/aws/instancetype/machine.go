// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/kubeletconfig"
)

// Machine is what a launch must know of a type for a NodeClass.
type Machine struct {
	// Settings are what the kubelet must be told so that the node has what the type
	// promises (CP-111).
	Settings kubelet.Settings
	// Configuration is spec.kubelet with numbers in place of expressions; its Object is
	// as it was written.
	Configuration kubelet.Configuration
	// EFAs are the interfaces of the Elastic Fabric Adapter.
	EFAs int64
	// VCPUs are the type's.
	VCPUs int64
}

// terms are what types of a subject are computed from.
type terms struct {
	subject  subject
	config   *kubeletconfig.Config
	rules    kubelet.Rules
	branches map[string]int64
	// reservedENIs and overhead are settings (AWS-001).
	reservedENIs int64
	overhead     float64
	// memory is the capacity in bytes of a type, given its estimate.
	memory func(d *description, estimate int64) int64
}

// worked is a type worked out.
type worked struct {
	Machine
	capacity corev1.ResourceList
	// dropped are expressions that gave nothing, for the log.
	dropped []error
	// unbootable says why no kubelet would start on the type; empty if one would.
	unbootable string
}

// work computes a type (AWS-201 to AWS-209). It fails if maxPods cannot be computed
// (AWS-025).
func (t *terms) work(d *description) (worked, error) {
	config, dropped, err := t.config.Resolve(t.variables(d))
	if err != nil {
		return worked{}, fmt.Errorf("resolving the kubelet configuration: %w", err)
	}
	if t.subject.family == v1.AMIFamilyBottlerocket {
		config.PodsPerCore = 0 // its kubelet is not given it (AWS-207)
	}
	w := worked{dropped: dropped, Machine: Machine{Configuration: config, EFAs: t.subject.efas(d), VCPUs: d.vcpus()}}
	memory, disk := t.memory(d, d.estimate(t.overhead)), t.subject.disk(d)
	machine := kubelet.Machine{
		MilliCPU: d.vcpus() * 1000, Memory: memory, EphemeralStorage: disk,
		Pods: t.pods(d), ReservePods: t.reservePods(d),
	}
	w.Settings, err = kubelet.Plan(machine, t.rules, config)
	if err != nil {
		// The NodeClass is fine for larger types, so this one is left out rather than all.
		w.unbootable, config.ReservedSystemCPUs = err.Error(), ""
		w.Settings, err = kubelet.Plan(machine, t.rules, config)
	}
	if err != nil {
		return worked{}, fmt.Errorf("computing what the kubelet leaves: %w", err)
	}
	w.capacity = t.resources(d, memory, disk, w.Settings.Pods)
	return w, nil
}

// windowsPods is how many pods a node of Windows has unless configured.
const windowsPods = 110

// pods is the number without configuration (AWS-207).
func (t *terms) pods(d *description) int64 {
	if v1.IsWindows(t.subject.family) {
		return windowsPods
	}
	return t.subject.density(d, t.reservedENIs)
}

// reservePods is the number that reserved memory goes by; nil means the pods that the
// node will have (AWS-208).
func (t *terms) reservePods(d *description) *int64 {
	if t.subject.family == v1.AMIFamilyBottlerocket || v1.IsWindows(t.subject.family) {
		return nil
	}
	n := t.subject.density(d, 0)
	return &n
}

// density is for how many pods the default network card has addresses, some of its
// interfaces being reserved (AWS-206).
func (s subject) density(d *description, reserved int64) int64 {
	n := d.interfaces() - reserved - s.efaOnly(func(i *v1.NetworkInterface) bool { return i.NetworkCardIndex == 0 })
	if n <= 0 {
		return 0
	}
	return max(0, n*(d.addresses()-1)+2)
}

// variables are what expressions see of a type (AWS-024).
func (t *terms) variables(d *description) kubeletconfig.Variables {
	return kubeletconfig.Variables{
		InstanceType: d.name, VCPUs: d.vcpus(), MemoryMiB: d.mebibytes(),
		DefaultENIs: d.interfaces(), IPsPerENI: d.addresses(), MaxPods: t.pods(d),
	}
}

// newRules are what EKS images reserve where the NodeClass says nothing (AWS-208,
// AWS-209).
func newRules() (kubelet.Rules, error) {
	memory, err := kubelet.ParseThreshold("100Mi")
	if err != nil {
		return kubelet.Rules{}, fmt.Errorf("reading the default eviction threshold of memory: %w", err)
	}
	disk, err := kubelet.ParseThreshold("10%")
	if err != nil {
		return kubelet.Rules{}, fmt.Errorf("reading the default eviction threshold of storage: %w", err)
	}
	return kubelet.Rules{
		CPU: kubelet.Formula{Unit: 1, Rounding: kubelet.DownEachTier, Tiers: []kubelet.Tier{
			{UpTo: 1000, Share: 600}, {UpTo: 2000, Share: 100}, {UpTo: 4000, Share: 50}, {Share: 25},
		}},
		Memory:           kubelet.Formula{Unit: mebi, Fixed: 255, PerPod: 11},
		EphemeralStorage: kubelet.Formula{Unit: gibi, Fixed: 1},
		EvictionHard:     map[string]kubelet.Threshold{kubelet.MemoryAvailable: memory, kubelet.NodeFSAvailable: disk},
	}, nil
}

// one returns a type, and what it is computed from.
func (p *Provider) one(nodeClass *v1.EC2NodeClass, instanceType string) (*terms, *description, error) {
	x, _, err := p.index()
	if err != nil {
		return nil, nil, err
	}
	d := x.byName[instanceType]
	if d == nil {
		return nil, nil, fmt.Errorf("instance type %s: %w", instanceType, ErrUnknown)
	}
	s, err := newSubject(nodeClass, nil)
	if err != nil {
		return nil, nil, err
	}
	t, err := p.terms(s)
	if err != nil {
		return nil, nil, fmt.Errorf("EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return t, d, nil
}

// terms collects what types of a subject are computed from.
func (p *Provider) terms(s subject) (*terms, error) {
	config, err := p.opts.Kubelet.Read(s.spec.Kubelet)
	if err != nil {
		return nil, err
	}
	images := s.images()
	return &terms{
		subject: s, config: config, rules: p.rules, branches: p.branches,
		reservedENIs: p.opts.ReservedENIs, overhead: p.opts.MemoryOverhead,
		memory: func(d *description, estimate int64) int64 {
			return p.observed.Expected(observable(s, images, d, estimate))
		},
	}, nil
}
