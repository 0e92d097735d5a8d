// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// entry is a shape in a file. Letters' case does not count in keys, and those that are
// not here, such as offerings, are left out.
type entry struct {
	Name         string              `json:"name"`
	Capacity     corev1.ResourceList `json:"capacity"`
	CapacityType string              `json:"capacitytype,omitempty"`
	Overhead     struct {
		KubeReserved      corev1.ResourceList `json:"KubeReserved,omitempty"`
		SystemReserved    corev1.ResourceList `json:"SystemReserved,omitempty"`
		EvictionThreshold corev1.ResourceList `json:"EvictionThreshold,omitempty"`
	} `json:"overhead"`
}

// Parse reads a file of shapes (PVE-040). The error names each entry that is wrong.
func Parse(data []byte) ([]Shape, error) {
	var entries []entry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("reading instance types: %w", err)
	}
	if len(entries) == 0 {
		return nil, errors.New("reading instance types: there are none")
	}
	var out []Shape
	var problems []error
	names := map[string]bool{}
	for i, e := range entries {
		s, err := e.shape()
		if err == nil && names[s.Name] {
			err = errors.New("the name is taken")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("instance type %d (%s): %w", i+1, e.Name, err))
			continue
		}
		names[s.Name] = true
		out = append(out, s)
	}
	return out, errors.Join(problems...)
}

func (e entry) shape() (Shape, error) {
	if e.Name == "" {
		return Shape{}, errors.New("name is needed")
	}
	if problems := validation.IsValidLabelValue(e.Name); len(problems) > 0 {
		return Shape{}, fmt.Errorf("name: %s", strings.Join(problems, "; "))
	}
	cpu, memory := e.Capacity.Cpu(), e.Capacity.Memory()
	if cpu.Sign() <= 0 || cpu.MilliValue()%1000 != 0 {
		return Shape{}, fmt.Errorf("capacity.cpu: want a whole number from 1, not %s", cpu)
	}
	if memory.Sign() <= 0 {
		return Shape{}, fmt.Errorf("capacity.memory: want an amount, not %s", memory)
	}
	s := Shape{
		Name: e.Name, Capacity: e.Capacity, CapacityType: e.CapacityType,
		Overhead: cloudprovider.Overhead{
			KubeReserved: e.Overhead.KubeReserved, SystemReserved: e.Overhead.SystemReserved, EvictionThreshold: e.Overhead.EvictionThreshold,
		},
	}
	if s.CapacityType == "" {
		s.CapacityType = label.OnDemand
	}
	if known := []string{label.OnDemand, label.Spot, label.Reserved}; !slices.Contains(known, s.CapacityType) {
		return Shape{}, fmt.Errorf("capacitytype: want one of %s, not %q", strings.Join(known, ", "), s.CapacityType)
	}
	if _, given := s.Capacity[corev1.ResourcePods]; !given {
		s.Capacity[corev1.ResourcePods] = quantity(pods(s.MemoryBytes()))
	}
	return s, nil
}

// Format writes a file of shapes.
func Format(shapes []Shape) ([]byte, error) {
	entries := make([]entry, len(shapes))
	for i, s := range shapes {
		entries[i] = entry{Name: s.Name, Capacity: s.Capacity, CapacityType: s.CapacityType}
		o := &entries[i].Overhead
		o.KubeReserved, o.SystemReserved, o.EvictionThreshold = s.Overhead.KubeReserved, s.Overhead.SystemReserved, s.Overhead.EvictionThreshold
	}
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing instance types: %w", err)
	}
	return append(text, '\n'), nil
}
