// SPDX-License-Identifier: Apache-2.0

package pinning_test

import (
	"fmt"
	"reflect"
	"testing"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/pinning"
	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
)

// PVE-121: who is pinned, and to what.
func TestWant(t *testing.T) {
	online := cpuset.New(0, 1, 2, 3)
	for _, row := range []struct{ reason, text, want string }{
		{"in the order of the list", "cores: 3\naffinity: 3,0-1", "[3 0 1] "},
		{"no affinity", "cores: 3", "[] "},
		{"sockets count", "cores: 2\nsockets: 2\naffinity: 0-3", "[0 1 2 3] "},
		{"more CPUs than it has", "cores: 2\naffinity: 0-2", "[] an affinity of 3 CPUs, and the machine has 2"},
		{"a CPU that is offline", "cores: 2\naffinity: 3-4", "[] CPUs 4 are not there or offline"},
		{"nonsense", "cores: 2\naffinity: x", `[] option affinity: want CPUs such as 0-3, not "x"`},
	} {
		t.Run(row.reason, func(t *testing.T) {
			cpus, why := pinning.Want(qemuconfig.Parse([]byte(row.text)), online)
			if got := fmt.Sprint(cpus, " ", why); got != row.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// PVE-121: virtual CPUs are pinned one to one in the order of the list.
func TestThreads(t *testing.T) {
	got := pinning.Threads([]int{4, 0, 1}, map[int]int{2: 52, 0: 50, 7: 57})
	if want := []pinning.Move{{Thread: 50, CPU: 4}, {Thread: 52, CPU: 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// PVE-121: CPUs are freed with the last machine on them.
func TestPins(t *testing.T) {
	var none pinning.Pins
	one, freed := none.With(1, cpuset.New(0, 1, 2))
	if !freed.IsEmpty() || none != nil {
		t.Errorf("got %s, %v", freed, none)
	}
	two, _ := one.With(2, cpuset.New(2, 3))
	for _, row := range []struct {
		reason string
		of     pinning.Pins
		id     int
		cpus   cpuset.CPUSet
		freed  string
	}{
		{"another has one of them", two, 1, cpuset.New(), "0-1"},
		{"the last", one, 1, cpuset.New(), "0-2"},
		{"it moves", two, 1, cpuset.New(0, 7), "1"},
		{"it stays", two, 1, cpuset.New(0, 1, 2), ""},
		{"never pinned", two, 9, cpuset.New(), ""},
	} {
		before := len(row.of)
		next, freed := row.of.With(row.id, row.cpus)
		if freed.String() != row.freed || len(row.of) != before || next[row.id].String() != row.cpus.String() {
			t.Errorf("%s: got %s, %v", row.reason, freed, next)
		}
	}
}

// PVE-121: governors are set where they are offered, and once.
func TestGovernor(t *testing.T) {
	offered := []string{"performance", "powersave"}
	for _, row := range []struct {
		of   pinning.Governor
		want bool
	}{
		{pinning.Governor{Current: "powersave", Offered: offered}, true},
		{pinning.Governor{Current: "performance", Offered: offered}, false},
		{pinning.Governor{Current: "powersave", Offered: offered[1:]}, false},
		{pinning.Governor{}, false},
	} {
		if got := row.of.Becomes("performance"); got != row.want {
			t.Errorf("%+v: got %t", row.of, got)
		}
	}
}
