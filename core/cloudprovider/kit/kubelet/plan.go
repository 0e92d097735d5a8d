// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
)

// Machine is what of an instance type decides what pods can use.
type Machine struct {
	// MilliCPU is the CPU capacity.
	MilliCPU int64
	// Memory is the memory capacity in bytes.
	Memory int64
	// NominalMemory is what the formula for memory goes by, in bytes: what the type
	// is sold with. 0 means Memory.
	NominalMemory int64
	// EphemeralStorage is the capacity in bytes of the file system that holds it.
	EphemeralStorage int64
	// Pods is how many the machine may have if nothing else is configured.
	Pods int64
	// ReservePods is the number that formulas go by; nil means what results from
	// Pods and the configuration.
	ReservePods *int64
}

// Rules are what a cloud and an image reserve where the user says nothing.
type Rules struct {
	CPU, Memory, EphemeralStorage Formula
	// SystemReserved is replaced key by key by the user's.
	SystemReserved corev1.ResourceList
	// Unlisted is reserved besides, and not told to the kubelet: what runs there
	// unknown to the scheduler. It counts as system reserved.
	Unlisted corev1.ResourceList
	// EvictionHard is replaced signal by signal by the user's.
	EvictionHard map[string]Threshold
}

// Settings are what follows for a machine.
type Settings struct {
	// Overhead of the instance type (CP-053).
	Overhead cloudprovider.Overhead
	// Pods is the capacity for them: MaxPods, or less by PodsPerCore.
	Pods int64

	// What the kubelet is told (CP-111): it comes to the same overhead and pods.

	MaxPods            int64
	PodsPerCore        int64 // 0 means none
	KubeReserved       corev1.ResourceList
	SystemReserved     corev1.ResourceList
	EvictionHard       map[string]string // by signal
	ReservedSystemCPUs string            // empty means none
}

// Plan computes the settings of a machine. It fails where the kubelet would refuse
// to start: a configuration that names CPUs which the machine does not have.
func Plan(m Machine, rules Rules, c Configuration) (Settings, error) {
	s := Settings{
		MaxPods:        m.Pods,
		PodsPerCore:    c.PodsPerCore,
		SystemReserved: overlay(rules.SystemReserved, c.SystemReserved),
	}
	if c.MaxPods != nil {
		s.MaxPods = *c.MaxPods
	}
	s.Pods = s.MaxPods
	if s.PodsPerCore > 0 {
		s.Pods = min(s.Pods, s.PodsPerCore*m.MilliCPU/1000)
	}
	s.KubeReserved = overlay(m.reserved(rules, s.Pods), c.KubeReserved)
	if err := s.reserveCPUs(m, c.ReservedSystemCPUs); err != nil {
		return Settings{}, err
	}
	thresholds := maps.Clone(rules.EvictionHard)
	if thresholds == nil {
		thresholds = map[string]Threshold{}
	}
	maps.Copy(thresholds, c.EvictionHard)
	s.EvictionHard = make(map[string]string, len(thresholds))
	for signal, threshold := range thresholds {
		s.EvictionHard[signal] = threshold.String()
	}
	s.Overhead.KubeReserved = maps.Clone(s.KubeReserved)
	s.Overhead.EvictionThreshold = evicted(m, thresholds)
	s.Overhead.SystemReserved = s.systemOverhead(rules.Unlisted)
	return s, nil
}

// reserved is what the formulas say.
func (m Machine) reserved(rules Rules, pods int64) corev1.ResourceList {
	if m.ReservePods != nil {
		pods = *m.ReservePods
	}
	nominal := m.NominalMemory
	if nominal == 0 {
		nominal = m.Memory
	}
	out := corev1.ResourceList{}
	if n := rules.CPU.Reserved(m.MilliCPU, pods); n != 0 {
		out[corev1.ResourceCPU] = *resource.NewMilliQuantity(n, resource.DecimalSI)
	}
	if n := rules.Memory.Reserved(nominal, pods); n != 0 {
		out[corev1.ResourceMemory] = *resource.NewQuantity(n, resource.BinarySI)
	}
	if n := rules.EphemeralStorage.Reserved(m.EphemeralStorage, pods); n != 0 {
		out[corev1.ResourceEphemeralStorage] = *resource.NewQuantity(n, resource.BinarySI)
	}
	return out
}

// reserveCPUs puts the CPUs that are named in the place of the CPU that is reserved
// by amount, as the kubelet does (AWS-435 is where users rely on it).
func (s *Settings) reserveCPUs(m Machine, cpus string) error {
	set, err := parseCPUs(cpus)
	if err != nil {
		return fmt.Errorf("reservedSystemCPUs: %w", err)
	}
	for _, cpu := range set.List() {
		if int64(cpu) >= m.MilliCPU/1000 {
			return fmt.Errorf("reservedSystemCPUs: names CPU %d of a machine with %d", cpu, m.MilliCPU/1000)
		}
	}
	if set.IsEmpty() {
		return nil
	}
	s.ReservedSystemCPUs = cpus
	delete(s.KubeReserved, corev1.ResourceCPU)
	delete(s.SystemReserved, corev1.ResourceCPU)
	s.Overhead.SystemReserved = corev1.ResourceList{
		corev1.ResourceCPU: *resource.NewQuantity(int64(set.Size()), resource.DecimalSI),
	}
	return nil
}

// systemOverhead is what is system reserved, by amount, by CPU and unlisted.
func (s *Settings) systemOverhead(unlisted corev1.ResourceList) corev1.ResourceList {
	return cloudprovider.Overhead{
		KubeReserved:      s.SystemReserved,
		SystemReserved:    s.Overhead.SystemReserved,
		EvictionThreshold: unlisted,
	}.Total()
}

// evicted is what hard thresholds keep free of what pods are given. Other signals
// than these two do not count (KIT-168).
func evicted(m Machine, thresholds map[string]Threshold) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, row := range []struct {
		signal   string
		resource corev1.ResourceName
		capacity int64
	}{
		{MemoryAvailable, corev1.ResourceMemory, m.Memory},
		{NodeFSAvailable, corev1.ResourceEphemeralStorage, m.EphemeralStorage},
	} {
		if threshold, there := thresholds[row.signal]; there {
			out[row.resource] = *resource.NewQuantity(threshold.Of(row.capacity), resource.BinarySI)
		}
	}
	return out
}

// overlay returns base with the entries of over added or replaced.
func overlay(base, over corev1.ResourceList) corev1.ResourceList {
	out := make(corev1.ResourceList, len(base)+len(over))
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}
