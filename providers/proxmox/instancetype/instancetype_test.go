// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"math"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/instancetype"
)

func named(t *testing.T, shapes []instancetype.Shape, name string) instancetype.Shape {
	t.Helper()
	for _, s := range shapes {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no %s", name)
	return instancetype.Shape{}
}

// amounts writes what a list has of each resource, in the order that is asked for.
func amounts(l corev1.ResourceList, names ...corev1.ResourceName) string {
	var out []string
	for _, name := range names {
		q := l[name]
		out = append(out, q.String())
	}
	return strings.Join(out, " ")
}

// PVE-041: the built-in list.
func TestBuiltIn(t *testing.T) {
	shapes := instancetype.BuiltIn()
	if len(shapes) != 20 {
		t.Errorf("%d shapes", len(shapes))
	}
	for name, want := range map[string]string{
		"c1.2VCPU-4GB":    "2 4Gi 30Gi 110; 50m 384Mi; 10m 64Mi; 100Mi",
		"c1.1VCPU-2GB":    "1 2Gi 30Gi 64; 20m 384Mi; 10m 64Mi; 100Mi",
		"t1.4VCPU-12GB":   "4 12Gi 30Gi 110; 100m 384Mi; 10m 64Mi; 100Mi",
		"s1.8VCPU-32GB":   "8 32Gi 30Gi 110; 100m 384Mi; 10m 64Mi; 100Mi",
		"m1.16VCPU-128GB": "16 128Gi 30Gi 110; 100m 384Mi; 10m 64Mi; 100Mi",
	} {
		s := named(t, shapes, name)
		got := strings.Join([]string{
			amounts(s.Capacity, "cpu", "memory", "ephemeral-storage", "pods"), amounts(s.Overhead.KubeReserved, "cpu", "memory"),
			amounts(s.Overhead.SystemReserved, "cpu", "memory"), amounts(s.Overhead.EvictionThreshold, "memory"),
		}, "; ")
		if got != want || s.CapacityType != label.OnDemand || s.Family() != name[:2] {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// PVE-045: prices.
func TestPrice(t *testing.T) {
	s := named(t, instancetype.BuiltIn(), "c1.2VCPU-4GB")
	for capacityType, want := range map[string]float64{label.OnDemand: 0.054294967296, label.Spot: 0.027147483648, label.Reserved: 0.0000000054294967296} {
		s.CapacityType = capacityType
		if got := s.Price(); math.Abs(got-want) > want*1e-12 {
			t.Errorf("%s costs %v, want %v", capacityType, got, want)
		}
	}
}

// PVE-040: the file, and what is wrong with it.
func TestParse(t *testing.T) {
	shapes, err := instancetype.Parse([]byte(`[
		{"Name": "big.1", "CAPACITY": {"cpu": "4", "memory": "8Gi", "hugepages-2Mi": "1Gi"}, "capacityType": "spot",
		 "overhead": {"kubereserved": {"cpu": "50m"}, "EvictionThreshold": {"memory": "100Mi"}}, "offerings": [1]},
		{"name": "tiny", "capacity": {"cpu": "1000m", "memory": "1Gi", "pods": "8"}}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	big, tiny := shapes[0], shapes[1]
	if big.VCPUs() != 4 || big.CapacityType != label.Spot || amounts(big.Capacity, "hugepages-2Mi", "pods") != "1Gi 110" ||
		amounts(big.Overhead.KubeReserved, "cpu") != "50m" || amounts(big.Overhead.EvictionThreshold, "memory") != "100Mi" || big.Family() != "big" {
		t.Errorf("got %+v", big)
	}
	if tiny.VCPUs() != 1 || tiny.CapacityType != label.OnDemand || amounts(tiny.Capacity, "pods") != "8" || tiny.Family() != "tiny" {
		t.Errorf("got %+v", tiny)
	}
	const good = `{"name": "a", "capacity": {"cpu": "1", "memory": "1Gi"}}`
	for text, want := range map[string]string{
		`{}`: "reading instance types",
		`[]`: "there are none",
		`[{"capacity": {"cpu": "1", "memory": "1Gi"}}]`:                                             "instance type 1 (): name is needed",
		`[{"name": "a b", "capacity": {"cpu": "1", "memory": "1Gi"}}]`:                              "instance type 1 (a b): name: ",
		`[` + good + `,` + good + `]`:                                                               "instance type 2 (a): the name is taken",
		`[{"name": "a", "capacity": {"cpu": "1500m", "memory": "1Gi"}}]`:                            "capacity.cpu: want a whole number from 1, not 1500m",
		`[{"name": "a", "capacity": {"memory": "1Gi"}}]`:                                            "capacity.cpu",
		`[{"name": "a", "capacity": {"cpu": "1"}}]`:                                                 "capacity.memory",
		`[{"name": "a", "capacity": {"cpu": "1", "memory": "1Gi"}, "capacitytype": "preemptible"}]`: "capacitytype: want one of on-demand, spot, reserved",
	} {
		if _, err := instancetype.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// PVE-042: what is generated can be read.
func TestFormat(t *testing.T) {
	shapes := instancetype.Generate(instancetype.Range{CPUs: []int{1, 2}, GiBPerCPU: []int{16, 5}, Kubelet: true})
	text, err := instancetype.Format(shapes)
	if err != nil {
		t.Fatal(err)
	}
	again, err := instancetype.Parse(text)
	if err != nil || len(again) != 4 || again[0].Name != "x1.1VCPU-16GB" || again[3].Name != "e1.2VCPU-10GB" {
		t.Fatalf("got %+v, %v", again, err)
	}
	if _, told := again[0].Capacity[corev1.ResourceEphemeralStorage]; told || len(again[0].Overhead.SystemReserved) > 0 {
		t.Errorf("got %+v", again[0])
	}
}

func subject() instancetype.Subject {
	zone := func(region, host string, selected bool) instancetype.SubjectZone {
		return instancetype.SubjectZone{Zone: instancetype.Zone{Region: region, Host: host}, Selected: selected}
	}
	return instancetype.Subject{Zones: []instancetype.SubjectZone{zone("r1", "pve1", true), zone("r1", "pve2", false), zone("r2", "pve1", true)}}
}

// PVE-043: what a node will report.
func TestCapacity(t *testing.T) {
	s := named(t, instancetype.BuiltIn(), "c1.2VCPU-4GB")
	for _, row := range []struct {
		reason string
		change func(*instancetype.Subject)
		want   string
	}{
		{"the shape's", func(*instancetype.Subject) {}, "2 4Gi 30Gi 110"},
		{"pods of the NodeClass", func(of *instancetype.Subject) { of.MaxPods = new(int32(20)) }, "2 4Gi 30Gi 20"},
		{"a larger boot disk", func(of *instancetype.Subject) { of.BootDisk = resource.MustParse("40G") }, "2 4Gi 40G 110"},
		{"a smaller boot disk", func(of *instancetype.Subject) { of.BootDisk = resource.MustParse("30G") }, "2 4Gi 30Gi 110"},
		{"memory that guests do not see", func(of *instancetype.Subject) {
			of.Memory = func(s instancetype.Shape) int64 { return s.EstimatedMemory(0.25) }
		}, "2 3Gi 30Gi 110"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			of := subject()
			row.change(&of)
			if got := amounts(s.InstanceType(of).Capacity, "cpu", "memory", "ephemeral-storage", "pods"); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if s.MemoryBytes() != 4<<30 {
				t.Error("the machine gets other memory")
			}
		})
	}
}

// PVE-044, PVE-045, CP-006, CP-046, CP-050: labels and offerings.
func TestInstanceType(t *testing.T) {
	it := named(t, instancetype.BuiltIn(), "c1.2VCPU-4GB").InstanceType(subject())
	well := append(v1alpha1.WellKnownLabels(), label.Zone, label.Region, label.CapacityType, label.InstanceType, label.Arch, label.OS, corev1.LabelWindowsBuild)
	for _, key := range well {
		if key != v1alpha1.LabelNodeClass && !it.Requirements.Has(key) {
			t.Errorf("%s is not defined", key)
		}
	}
	if err := cloudprovider.CheckKeys([]*cloudprovider.InstanceType{it}, func(key string) bool { return strings.Contains(strings.Join(well, " "), key) }); err != nil {
		t.Error(err)
	}
	if zones, _ := it.Requirements.Get(label.Zone); zones.Has("pve2") || !zones.Has("pve1") {
		t.Errorf("zones are %s", zones)
	}
	if len(it.Offerings) != 3 || !it.Offerings[0].Available || it.Offerings[1].Available || it.Offerings[1].Zone() != "pve2" || it.Offerings[1].Price == 0 {
		t.Errorf("got %+v", it.Offerings)
	}
	if it.Offerings[0].Requirements.Equal(it.Offerings[2].Requirements) {
		t.Error("hosts of one name in two regions are one offering")
	}
}
