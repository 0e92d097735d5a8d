// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// Labels of the in-memory provider's own.
const (
	// LabelSize is the number of CPUs of an instance type.
	LabelSize = v1alpha1.Group + "/instance-size"
	// LabelReservationID names the reservation behind a reserved offering.
	LabelReservationID = v1alpha1.Group + "/reservation-id"
)

// Vocabulary is the core's with the in-memory provider's words.
func Vocabulary() *vocabulary.Vocabulary {
	words, err := vocabulary.New(additions())
	if err != nil { // constant input
		panic(err)
	}
	return words
}

func additions() vocabulary.Additions {
	return vocabulary.Additions{
		WellKnownLabels:    []string{LabelSize, LabelReservationID},
		RestrictedDomains:  []string{v1alpha1.Group},
		OfferingLabels:     []string{LabelReservationID},
		ReservationIDLabel: LabelReservationID,
	}
}

// TypeSpec describes an instance type briefly.
type TypeSpec struct {
	Name string
	// CPU in cores, Memory in Gi.
	CPU, Memory int64
	// Arch is amd64 by default, OS linux.
	Arch, OS string
	// Zones are test-zone-1, -2 and -3 by default.
	Zones []string
	// CapacityTypes are spot and on-demand by default. Each reserved offering is
	// of a reservation named <type>-<zone> with ReservationCapacity.
	CapacityTypes       []string
	ReservationCapacity int
	// Price on demand; 0 means 0.03 for each CPU and 0.004 for each Gi. Spot costs
	// 70 percent, reserved a ten-millionth of it.
	Price float64
	// Resources are added to cpu, memory, 110 pods and 20Gi of storage.
	Resources corev1.ResourceList
	// Labels are single-valued requirements beyond the well-known ones.
	Labels map[string]string
}

// DefaultInstanceTypes returns, fresh, eight sizes from 1 to 64 CPUs with 4 Gi
// each, and one of arm64.
func DefaultInstanceTypes() []*cloudprovider.InstanceType {
	var types []*cloudprovider.InstanceType
	for _, cpu := range []int64{1, 2, 4, 8, 16, 32, 48, 64} {
		types = append(types, NewInstanceType(TypeSpec{Name: fmt.Sprintf("test-%d", cpu), CPU: cpu, Memory: 4 * cpu}))
	}
	return append(types, NewInstanceType(TypeSpec{Name: "test-arm-4", CPU: 4, Memory: 16, Arch: "arm64"}))
}

// NewInstanceType returns the type with kube-reserved 100m and 10Mi.
func NewInstanceType(s TypeSpec) *cloudprovider.InstanceType {
	s = s.withDefaults()
	offerings := s.offerings()
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(s.CPU, resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(s.Memory<<30, resource.BinarySI),
		corev1.ResourcePods:             resource.MustParse("110"),
		corev1.ResourceEphemeralStorage: resource.MustParse("20Gi"),
	}
	for name, quantity := range s.Resources {
		capacity[name] = quantity
	}
	return &cloudprovider.InstanceType{
		Name:         s.Name,
		Requirements: s.requirements(offerings),
		Offerings:    offerings,
		Capacity:     capacity,
		Overhead: cloudprovider.Overhead{KubeReserved: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("100m"),
			corev1.ResourceMemory: resource.MustParse("10Mi"),
		}},
	}
}

func (s TypeSpec) withDefaults() TypeSpec {
	if s.Arch == "" {
		s.Arch = "amd64"
	}
	if s.OS == "" {
		s.OS = "linux"
	}
	if s.Zones == nil {
		s.Zones = []string{"test-zone-1", "test-zone-2", "test-zone-3"}
	}
	if s.CapacityTypes == nil {
		s.CapacityTypes = []string{label.Spot, label.OnDemand}
	}
	if s.Price == 0 {
		s.Price = 0.03*float64(s.CPU) + 0.004*float64(s.Memory)
	}
	return s
}

func (s TypeSpec) requirements(offerings cloudprovider.Offerings) requirement.Requirements {
	var reservations []string
	for _, o := range offerings {
		if id := o.ReservationID(LabelReservationID); id != "" {
			reservations = append(reservations, id)
		}
	}
	reserved := requirement.DoesNotExist(LabelReservationID)
	if reservations != nil {
		reserved = requirement.In(LabelReservationID, reservations...)
	}
	return requirement.All(
		requirement.In(label.InstanceType, s.Name),
		requirement.In(label.Arch, s.Arch),
		requirement.In(label.OS, s.OS),
		requirement.In(label.Zone, s.Zones...),
		requirement.In(label.CapacityType, s.CapacityTypes...),
		requirement.In(LabelSize, fmt.Sprint(s.CPU)),
		requirement.DoesNotExist(label.Region),
		requirement.DoesNotExist(corev1.LabelWindowsBuild),
		reserved,
	).Intersect(requirement.OfLabels(s.Labels))
}

func (s TypeSpec) offerings() cloudprovider.Offerings {
	var out cloudprovider.Offerings
	for _, zone := range s.Zones {
		for _, capacityType := range s.CapacityTypes {
			out = append(out, s.offering(zone, capacityType))
		}
	}
	return out
}

func (s TypeSpec) offering(zone, capacityType string) *cloudprovider.Offering {
	o := &cloudprovider.Offering{Price: s.Price, Available: true}
	reservation := requirement.DoesNotExist(LabelReservationID)
	switch capacityType {
	case label.Spot:
		o.Price = 0.7 * s.Price
	case label.Reserved:
		o.Price = cloudprovider.ReservedPrice(s.Price)
		o.ReservationCapacity = s.ReservationCapacity
		o.Available = s.ReservationCapacity > 0
		reservation = requirement.In(LabelReservationID, s.Name+"-"+zone)
	}
	o.Requirements = requirement.All(
		requirement.In(label.Zone, zone),
		requirement.In(label.CapacityType, capacityType),
		reservation,
	)
	return o
}
