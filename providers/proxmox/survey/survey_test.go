// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/survey"
	"karpenter.sh/providers/proxmox/topology"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const gib = int64(1) << 30

func pve1() capacity.Place { return capacity.Place{Region: simtest.Region, Host: "pve1"} }

// guest is a machine that runs on pve1.
func guest(id int, options string) proxmox.Machine {
	m := proxmox.Machine{ID: id, Host: "pve1", Running: true, Options: map[string]string{"memory": "1024"}}
	for option := range strings.FieldsSeq(options) {
		name, value, _ := strings.Cut(option, ":")
		m.Options[name] = value
	}
	return m
}

// surveyed is what is left of pve1, given what runs there. The host has 32 CPUs, and 127
// GiB beside the reserve.
func surveyed(t *testing.T, pins bool, change func(*proxmox.Region), settings *topology.HostSettings) (*capacity.Ledger, capacity.Free) {
	t.Helper()
	w := simtest.Start(t, func(o *proxmox.Options) { change(&o.Setup.Regions[0]) })
	l := capacity.NewLedger(pins)
	s := &survey.Surveyor{Ledger: l, Clock: w.Clock}
	if err := s.Host(t.Context(), survey.Site{Place: pve1(), Client: w.Client(simtest.Region), Settings: settings}); err != nil {
		t.Fatal(err)
	}
	free, _ := l.Free(pve1())
	return l, free
}

// PVE-054, PVE-055: what runs takes of its host.
func TestHost(t *testing.T) {
	for _, row := range []struct {
		reason string
		runs   []proxmox.Machine
		cpus   int
		gib    int64
	}{
		{"nothing: a template takes nothing", nil, 32, 127},
		{"cores of all sockets", []proxmox.Machine{guest(100, "cores:3 sockets:2 memory:2048")}, 26, 125},
		{"without a number it is one", []proxmox.Machine{guest(100, "")}, 31, 126},
		{"pinned ones by their sets", []proxmox.Machine{guest(100, "cores:4 affinity:0-3"), guest(101, "cores:4 affinity:2-5")}, 26, 125},
		{"pinned by an agent", []proxmox.Machine{guest(100, "cores:9 description:Karpenter")}, 23, 126},
		{"what does not run takes nothing", []proxmox.Machine{{ID: 100, Host: "pve1", Options: map[string]string{"cores": "8", "memory": "1024"}}}, 32, 127},
		{"what runs elsewhere takes nothing", []proxmox.Machine{{ID: 100, Host: "pve2", Running: true, Options: map[string]string{"cores": "8", "memory": "1024"}}}, 32, 127},
	} {
		t.Run(row.reason, func(t *testing.T) {
			for i := range row.runs {
				if row.runs[i].Options["description"] != "" {
					row.runs[i].Options["description"] = "Karpenter managed instance, class=c, affinity=0-8"
				}
			}
			_, free := surveyed(t, false, func(r *proxmox.Region) { r.Machines = append(r.Machines, row.runs...) }, nil)
			if free.VCPUs != row.cpus || free.MemoryBytes != row.gib*gib {
				t.Errorf("got %d CPUs, %d GiB, want %d, %d", free.VCPUs, free.MemoryBytes/gib, row.cpus, row.gib)
			}
		})
	}
	if _, free := surveyed(t, false, func(r *proxmox.Region) {
		r.Containers = []proxmox.Container{{ID: 100, Host: "pve1", MemoryMiB: 1024, Running: true}, {ID: 101, Host: "pve1", MemoryMiB: 1024}}
	}, nil); free.VCPUs != 32 || free.MemoryBytes != 126*gib {
		t.Errorf("containers: %+v", free)
	}
}

// PVE-054: memory of NUMA nodes, divided evenly over those that are named.
func TestNodes(t *testing.T) {
	// Four nodes of 32 GiB: 30 of the first and 15 of two others are taken.
	l, _ := surveyed(t, true, func(r *proxmox.Region) {
		r.Machines = append(r.Machines, guest(100, "numa:1 memory:61440 affinity:31 numa0:cpus=0,hostnodes=0,memory=30720,policy=bind numa1:cpus=1,hostnodes=2-3,memory=30720"))
	}, nil)
	m, err := l.Reserve(pve1(), 200, capacity.Need{VCPUs: 2, MemoryBytes: 18 * gib})
	if err != nil || fmt.Sprint(m.Nodes) != fmt.Sprint(map[int]int64{1: 18 * gib}) {
		t.Errorf("got %+v, %v", m, err)
	}
}

// PVE-053: a capacity machine tells the nodes, takes nothing, and the file still wins.
func TestCapacityMachine(t *testing.T) {
	guide := func(r *proxmox.Region) {
		m := guest(100, "name:node-capacity tags:karpenter affinity:0-31 memory:65536 numa0:cpus=0-15,hostnodes=7,memory=65536")
		m.Running = false
		r.Machines = append(r.Machines, m)
	}
	l, free := surveyed(t, true, guide, nil)
	m, err := l.Reserve(pve1(), 200, capacity.Need{VCPUs: 2, MemoryBytes: gib})
	if err != nil || m.Nodes[7] != gib || free.VCPUs != 32 || free.MemoryBytes != 127*gib {
		t.Errorf("got %+v, %v, %+v", m, err, free)
	}
	settings, err := topology.ParseSettings([]byte(`{"r1": {"*": {"nodes": {"5": {"cpus": "0-31", "memory": 68719476736}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	l, _ = surveyed(t, true, guide, settings.For("r1", "pve1"))
	if m, err = l.Reserve(pve1(), 200, capacity.Need{VCPUs: 2, MemoryBytes: gib}); err != nil || m.Nodes[5] != gib {
		t.Errorf("got %+v, %v", m, err)
	}
}

// PVE-013, PVE-050, PVE-052: what cannot be read leaves what is known; a machine that has
// gone meanwhile takes nothing.
func TestTrouble(t *testing.T) {
	w := simtest.Start(t, func(o *proxmox.Options) {
		r := &o.Setup.Regions[0]
		r.Machines = append(r.Machines, guest(100, "cores:4"))
	})
	s := &survey.Surveyor{Ledger: capacity.NewLedger(false), Clock: w.Clock}
	site := survey.Site{Place: pve1(), Client: w.Client(simtest.Region)}
	read := func() error { w.Clock.Step(time.Minute); return s.Host(t.Context(), site) }
	if err := read(); err != nil {
		t.Fatal(err)
	}
	gone := &fault.Failure{Code: "x", Message: "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist"}
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Times: 1, Error: gone})
	if err := read(); err != nil {
		t.Error(err)
	}
	if free, _ := s.Ledger.Free(pve1()); free.VCPUs != 32 {
		t.Errorf("got %+v", free)
	}
	if err := read(); err != nil {
		t.Error(err)
	}
	for _, call := range []string{"GET *nodes/*/status", "GET *resources", "GET *config"} {
		w.Cloud.Faults().Add(fault.Rule{Call: call, Times: 1, Error: &fault.Failure{Code: "x", Message: "out of order"}})
		if err := read(); err == nil || !strings.Contains(err.Error(), "surveying host pve1 of region r1") {
			t.Errorf("%s: %v", call, err)
		}
	}
	site.Settings = &topology.HostSettings{ReservedCPUs: []int{99}}
	if err := read(); err == nil {
		t.Error("settings that make no sense are taken")
	}
	if free, _ := s.Ledger.Free(pve1()); free.VCPUs != 28 {
		t.Errorf("what was known is lost: %+v", free)
	}
}

// PVE-054: a machine that cannot be read, or whose pins make no sense, counts as the list
// has it, and keeps no host from use.
func TestGuessed(t *testing.T) {
	w := simtest.Start(t, func(o *proxmox.Options) {
		r := &o.Setup.Regions[0]
		r.Machines = append(r.Machines, guest(100, "cores:4 affinity:all"), guest(101, "cores:3 affinity:0-7"), guest(102, "cores:2"))
	})
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Match: map[string]string{"vmid": "101"}, Error: &fault.Failure{Code: "x", Message: "out of order", Status: 403}})
	s := &survey.Surveyor{Ledger: capacity.NewLedger(false), Clock: w.Clock}
	err := s.Host(t.Context(), survey.Site{Place: pve1(), Client: w.Client(simtest.Region)})
	if !errors.Is(err, survey.ErrGuessed) || !errors.Is(err, survey.ErrUnread) || !strings.Contains(err.Error(), "machine 100") || !strings.Contains(err.Error(), "machine 101") {
		t.Errorf("got %v", err)
	}
	if free, known := s.Ledger.Free(pve1()); !known || free.VCPUs != 32-4-3-2 || free.MemoryBytes != (127-3)*gib {
		t.Errorf("got %+v, %t", free, known)
	}
}
