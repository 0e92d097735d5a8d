// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
)

func load(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func named(t *testing.T, c *catalogue.Catalogue, name string) *cloudprovider.InstanceType {
	t.Helper()
	for _, it := range c.Types {
		if it.Name == name {
			return it
		}
	}
	t.Fatalf("there is no type %s", name)
	return nil
}

func TestEmbeddedShape(t *testing.T) { // KWOK-009
	c := load(t)
	if len(c.Types) != 144 || len(c.Ignored) != 0 {
		t.Fatalf("%d types, ignored %v", len(c.Types), c.Ignored)
	}
	var first []string
	for _, it := range c.Types[:5] {
		first = append(first, it.Name)
	}
	want := []string{"c-1x-amd64-linux", "c-1x-arm64-linux", "c-1x-amd64-windows", "c-1x-arm64-windows", "s-1x-amd64-linux"}
	if !slices.Equal(first, want) || c.Types[143].Name != "m-256x-arm64-windows" {
		t.Errorf("order: %v ... %s", first, c.Types[143].Name)
	}
	for _, it := range c.Types {
		if len(it.Offerings) != 8 {
			t.Fatalf("%s has %d offerings", it.Name, len(it.Offerings))
		}
		for i, o := range it.Offerings {
			zone := "test-zone-" + string(rune('a'+i/2))
			capacityType := []string{label.Spot, label.OnDemand}[i%2]
			if o.Zone() != zone || o.CapacityType() != capacityType || !o.Available {
				t.Errorf("%s: offering %d is %s", it.Name, i, o.Requirements)
			}
		}
		if r, _ := it.Requirements.Get(label.Region); !r.Empty() || !r.AllowsAbsent() {
			t.Errorf("%s: %s", it.Name, r)
		}
	}
	if err := cloudprovider.CheckKeys(c.Types, func(key string) bool { // CP-006
		return slices.Contains(append(c.OfferingKeys, label.InstanceType, label.Arch, label.OS, v1alpha1.LabelInstanceCPU,
			v1alpha1.LabelInstanceFamily, v1alpha1.LabelInstanceMemory, v1alpha1.LabelInstanceSize), key)
	}); err != nil {
		t.Error(err)
	}
}

func TestEmbeddedExamples(t *testing.T) {
	for _, tc := range []struct {
		name                string
		onDemand, spot      float64
		cpu, memory, pods   string
		size, family        string
		allocatableCPU      string
		allocatableMemoryMi int64
	}{
		{"c-1x-amd64-linux", 0.027147483648, 0.019003238553599998, "1", "2Gi", "16", "1", "c", "900m", 2048 - 10},
		{"s-4x-arm64-windows", 0.117179869184, 0.08202590842879999, "4", "16Gi", "64", "4", "s", "3900m", 16384 - 10},
		{"m-256x-amd64-linux", 8.599023255552, 6.019316278886399, "256", "2Ti", "1k", "256", "m", "255900m", 2048*1024 - 10},
		{"m-192x-amd64-linux", 6.449267441664, 4.5144872091648, "192", "1536Gi", "1k", "192", "m", "191900m", 1536*1024 - 10},
		{"s-256x-amd64-linux", 7.499511627776, 5.249658139443199, "256", "1Ti", "1k", "256", "s", "255900m", 1024*1024 - 10},
	} {
		t.Run("KWOK-010 "+tc.name, func(t *testing.T) {
			it := named(t, load(t), tc.name)
			for _, o := range it.Offerings {
				want := tc.onDemand
				if o.CapacityType() == label.Spot {
					want = tc.spot
				}
				if o.Price != want {
					t.Errorf("%s costs %v, want %v", o.Requirements, o.Price, want)
				}
			}
			if cpu, memory := it.Capacity["cpu"], it.Capacity["memory"]; cpu.String() != tc.cpu || memory.String() != tc.memory {
				t.Errorf("capacity %s, %s", cpu.String(), memory.String())
			}
			if storage := it.Capacity[corev1.ResourceEphemeralStorage]; storage.String() != "20Gi" {
				t.Errorf("storage %s", storage.String())
			}
			for key, want := range map[string]string{ // KWOK-011 to KWOK-013
				v1alpha1.LabelInstanceSize: tc.size, v1alpha1.LabelInstanceFamily: tc.family,
				v1alpha1.LabelInstanceCPU: tc.cpu, v1alpha1.LabelInstanceMemory: tc.memory,
			} {
				if r, _ := it.Requirements.Get(key); r.String() != key+" In ["+want+"]" {
					t.Errorf("got %s, want %s", r, want)
				}
			}
			a := it.Allocatable() // KWOK-015
			if cpu := a["cpu"]; cpu.String() != tc.allocatableCPU {
				t.Errorf("allocatable cpu %s", cpu.String())
			}
			if memory := a["memory"]; memory.Value() != tc.allocatableMemoryMi<<20 {
				t.Errorf("allocatable memory %s", memory.String())
			}
		})
	}
}

// KWOK-009: regenerating writes the same bytes.
func TestEmbeddedIsReproducible(t *testing.T) {
	want, err := os.ReadFile("instance_types.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "types.json")
	if out, err := exec.CommandContext(t.Context(), "go", "run", "./generate", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the embedded file is not what the generator writes: %v", err)
	}
}
