// SPDX-License-Identifier: Apache-2.0

package qemuconfig_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
	"karpenter.sh/providers/proxmox/machineconfig"
)

// PVE-121: the affinity is that of the option, else what the description ends with.
func TestAffinity(t *testing.T) {
	written := machineconfig.Owner{NodeClass: "a", CapacityType: "on-demand", NodePool: "b", Cluster: "c", UID: "d", Image: "e", Affinity: "0-1,8-9"}.Description()
	for _, row := range []struct{ reason, text, want string }{
		{"the option, in its order", "affinity: 4,0-1\n", "[4 0 1]"},
		{"the option goes first", "#affinity=7\naffinity: 4\n", "[4]"},
		{"what a launch writes", "#" + written + "\n", "[0 1 8 9]"},
		{"encoded, as the host writes it", "#Machine%3A a, affinity=0-1,3\n", "[0 1 3]"},
		{"a text that is not encoded well", "#100% of it, affinity=2\n", "[2]"},
		{"the old way to write a description", "description: x affinity=2%2C3\n", "[2 3]"},
		{"the end of several lines", "#a\n#\n#affinity=1\n", "[1]"},
		{"the last mark", "#affinity=1, affinity=2\n", "[2]"},
		{"a word that only ends like it", "#antiaffinity=1\n", "[]"},
		{"nothing", "name: affinity=1\ncores: 2\n", "[]"},
		{"an empty one", "#a, affinity=\n", "[]"},
		{"of a snapshot", "cores: 1\n[before]\naffinity: 1\n", "[]"},
		{"of the next start", "cores: 1\n[PENDING]\naffinity: 1\n", "[]"},
		{"no CPUs", "affinity: all\n", "error"},
		{"text after it", "#affinity=1-2 and more\n", "error"},
		{"backwards", "affinity: 3-1\n", "error"},
		{"twice", "affinity: 0-3,2\n", "error"},
		{"a list that is too long", "affinity: " + strings.Repeat("0,", 3000) + "1\n", "error"},
		{"too many", "affinity: " + strings.Repeat("0-99999,", 100) + "1\n", "error"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			cpus, err := qemuconfig.Parse([]byte(row.text)).Affinity()
			if got := fmt.Sprint(cpus); err == nil && got != row.want || (err != nil) != (row.want == "error") {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
}

// PVE-121: how many CPUs a machine has and starts with.
func TestCPUs(t *testing.T) {
	for text, want := range map[string][2]int{
		"": {1, 1}, "cores: 4": {4, 4}, "cores: 4\r\nsockets: 2\r\n": {8, 8}, "cores: 4\nvcpus: 2": {4, 2},
		"cores: 4\nvcpus: 9": {4, 4}, "cores: -4": {1, 1}, "cores: 99999999999999999999\nsockets: 99999999": {1, 1}, "cores: x": {1, 1},
	} {
		if c := qemuconfig.Parse([]byte(text)); c.CPUs() != want[0] || c.Started() != want[1] {
			t.Errorf("%q: got %d, %d", text, c.CPUs(), c.Started())
		}
	}
}

// PVE-121: the devices of the host that a machine has.
func TestDevices(t *testing.T) {
	c := qemuconfig.Parse([]byte("hostpci0: 0000:01:00.0,pcie=1\nhostpci1: host=AF:00;0001:02:00.1,x-vga=1\nhostpci2: mapping=gpu\n" +
		"hostpci3: ../../etc,pcie=1\nhostpci4: 01:00.0\nhostpcix: 03:00.0\nhostpci5:\n"))
	if got, want := c.Devices(), []string{"0000:01:00.0", "0000:af:00.", "0001:02:00.1"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// PVE-122: a machine is told by its name and a tag.
func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"name: n\ntags: a;t": true, "name: n\ntags: t": true, "name: n\ntags: a, t": true, "name: n\ntags: tt": false, "name: n": false, "name: m\ntags: t": false,
	} {
		if got := qemuconfig.Parse([]byte(text)).Is("n", "t"); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
	if !qemuconfig.Parse([]byte("template: 1")).IsTemplate() || qemuconfig.Parse([]byte("template: 0")).IsTemplate() {
		t.Error("a template is not told")
	}
}

// PVE-121: no text of a file ends the process.
func FuzzParse(f *testing.F) {
	f.Add("#a%3\naffinity: 0-3\nhostpci0: 01:00\n[x]")
	f.Fuzz(func(t *testing.T, text string) {
		c := qemuconfig.Parse([]byte(text))
		cpus, err := c.Affinity()
		if err != nil && cpus != nil || c.CPUs() < 1 || c.Started() < 1 || c.Started() > c.CPUs() {
			t.Errorf("%q: %v, %v, %d", text, cpus, err, c.CPUs())
		}
		for _, device := range c.Devices() {
			if strings.ContainsAny(device, "/\x00") {
				t.Errorf("%q", device)
			}
		}
	})
}
