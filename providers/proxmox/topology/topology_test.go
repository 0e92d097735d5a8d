// SPDX-License-Identifier: Apache-2.0

package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/topology"
)

// shape writes the nodes of a host, and how many caches it has.
func shape(h topology.Host) string {
	var parts []string
	for _, n := range h.Nodes {
		parts = append(parts, fmt.Sprintf("%d: %s %dMi", n.ID, n.CPUs, n.MemoryBytes>>20))
	}
	return strings.Join(parts, "; ") + fmt.Sprintf(" (%d caches)", h.Caches)
}

// PVE-051: what a model means.
func TestEstimate(t *testing.T) {
	for _, row := range []struct {
		reason string
		facts  topology.Facts
		want   string
	}{
		{
			"the example", topology.Facts{Model: "AMD EPYC 9454P 48-Core Processor", Sockets: 1, Cores: 48, CPUs: 96, MemoryBytes: 256 << 30},
			"0: 0-11,48-59 65536Mi; 1: 12-23,60-71 65536Mi; 2: 24-35,72-83 65536Mi; 3: 36-47,84-95 65536Mi (8 caches)",
		},
		{
			"an EPYC with one node", topology.Facts{Model: "AMD EPYC 7763 64-Core Processor", Sockets: 2, Cores: 8, CPUs: 16, MemoryBytes: 4 << 20},
			"0: 0-3,8-11 2Mi; 1: 4-7,12-15 2Mi (2 caches)",
		},
		{
			"two sockets with four nodes each", topology.Facts{Model: "AMD EPYC 7302 16-Core Processor", Sockets: 2, Cores: 32, CPUs: 32, MemoryBytes: 8 << 20},
			"0: 0-3 1Mi; 1: 4-7 1Mi; 2: 8-11 1Mi; 3: 12-15 1Mi; 4: 16-19 1Mi; 5: 20-23 1Mi; 6: 24-27 1Mi; 7: 28-31 1Mi (8 caches)",
		},
		{
			"another AMD", topology.Facts{Model: "AMD Ryzen 9 5950X 16-Core Processor", Sockets: 1, Cores: 16, CPUs: 32, MemoryBytes: 1 << 20},
			"0: 0-31 1Mi (1 caches)",
		},
		{
			"an Intel", topology.Facts{Model: "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", Sockets: 2, Cores: 4, CPUs: 8, MemoryBytes: 3 << 20},
			"0: 0-1,4-5 1Mi; 1: 2-3,6-7 1Mi (2 caches)",
		},
		{
			"anything else", topology.Facts{Model: "Kunpeng-920", Sockets: 2, Cores: 4, CPUs: 4, MemoryBytes: 1 << 20},
			"0: 0-3 1Mi (1 caches)",
		},
		{
			"the last node has the rest", topology.Facts{Model: "Intel", Sockets: 2, Cores: 5, CPUs: 5, MemoryBytes: 5 << 20},
			"0: 0-1 2Mi; 1: 2-4 2Mi (2 caches)",
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			h, err := topology.Resolve(row.facts, nil, nil)
			if got := shape(h); err != nil || got != row.want || h.ReservedBytes != 1<<30 || h.CPUs().Size() != row.facts.CPUs {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
	if h, _ := topology.Resolve(topology.Facts{Model: "Intel", Sockets: 2, Cores: 5, CPUs: 5, MemoryBytes: 5<<20 + 1}, nil, nil); h.Nodes[0].MemoryBytes+h.Nodes[1].MemoryBytes != 5<<20+1 {
		t.Errorf("memory is lost: %+v", h.Nodes)
	}
}

func epyc() topology.Facts {
	return topology.Facts{Model: "AMD EPYC 9454P 48-Core Processor", Sockets: 1, Cores: 48, CPUs: 96, MemoryBytes: 256 << 30}
}

// PVE-053: a capacity machine replaces the estimated nodes.
func TestCapacityMachine(t *testing.T) {
	for _, row := range []struct {
		reason  string
		machine topology.CapacityMachine
		want    string
	}{
		{
			"the example", topology.CapacityMachine{
				Affinity: "0-11,48-59,12-23,60-71",
				NUMA:     []string{"cpus=0-23,hostnodes=0,memory=1024,policy=bind", "cpus=24-47,hostnodes=1,memory=2048"},
			},
			"0: 0-11,48-59 1024Mi; 1: 12-23,60-71 2048Mi (8 caches)",
		},
		{"without nodes", topology.CapacityMachine{Affinity: "3,1-2", MemoryBytes: 5 << 20}, "0: 1-3 5Mi (8 caches)"},
		{"several runs", topology.CapacityMachine{Affinity: "8,9,2,3", NUMA: []string{"cpus=0;2-3,hostnodes=4,memory=1"}}, "4: 2-3,8 1Mi (8 caches)"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			h, err := topology.Resolve(epyc(), &row.machine, nil)
			if got := shape(h); err != nil || got != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
	for want, machine := range map[string]topology.CapacityMachine{
		"affinity of the capacity machine": {Affinity: ""},
		"ends before it begins":            {Affinity: "3-1"},
		"which the host lacks":             {Affinity: "0-96"},
		"there is no position 4":           {Affinity: "0-3", NUMA: []string{"cpus=0-4,hostnodes=0,memory=1"}},
		"want one NUMA node":               {Affinity: "0-3", NUMA: []string{"cpus=0-3,hostnodes=0-1,memory=1"}},
		"want MiB":                         {Affinity: "0-3", NUMA: []string{"cpus=0-3,hostnodes=0"}},
		"are on two NUMA nodes":            {Affinity: "0-3", NUMA: []string{"cpus=0-1,hostnodes=0,memory=1", "cpus=1-2,hostnodes=1,memory=1"}},
	} {
		if _, err := topology.Resolve(epyc(), &machine, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", machine, err, want)
		}
	}
}

// PVE-052: the file has the last word, one by one; a host's own entry wins entirely.
func TestSettings(t *testing.T) {
	settings, err := topology.ParseSettings([]byte(`{"r1": {
		"*": {"sockets": 2, "reservedcpus": [0, 48], "reservedmemory": 4096},
		"own": {"uncorecaches": 4},
		"nodes": {"nodes": {"1": {"cpus": "12-23,60-71", "memory": 2097152}, "0": {"cpus": "0-11,48-59", "memsize": 1048576}}},
		"small": {"cores": 4, "threads": 1, "uncorecaches": 1},
		"fewer": {"cores": 4},
		"same": {"cores": 48, "threads": 2}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(host string, c *topology.CapacityMachine) topology.Host {
		t.Helper()
		h, err := topology.Resolve(epyc(), c, settings.For("r1", host))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := resolve("other", nil); h.Sockets != 2 || h.ReservedCPUs.String() != "0,48" || h.ReservedBytes != 4096 || h.Caches != 8 || len(h.Nodes) != 4 {
		t.Errorf("got %+v", h)
	}
	if h := resolve("own", nil); h.Sockets != 1 || h.Caches != 4 || !h.ReservedCPUs.IsEmpty() || h.ReservedBytes != 1<<30 {
		t.Errorf("got %+v", h)
	}
	if got := shape(resolve("nodes", &topology.CapacityMachine{Affinity: "0-95", MemoryBytes: 1 << 20})); got != "0: 0-11,48-59 1Mi; 1: 12-23,60-71 2Mi (8 caches)" {
		t.Errorf("got %s", got)
	}
	if got := shape(resolve("small", nil)); got != "0: 0 65536Mi; 1: 1 65536Mi; 2: 2 65536Mi; 3: 3 65536Mi (1 caches)" {
		t.Errorf("got %s", got)
	}
	if h := resolve("fewer", nil); h.Caches != 4 || h.CPUs().Size() != 8 || len(h.Nodes) != 4 {
		t.Errorf("got %+v", h)
	}
	// What the file has as it is says nothing against the capacity machine.
	if got := shape(resolve("same", &topology.CapacityMachine{Affinity: "0-95", MemoryBytes: 1 << 20})); got != "0: 0-95 1Mi (8 caches)" {
		t.Errorf("got %s", got)
	}
	if settings.For("r2", "other") != nil {
		t.Error("settings of another region")
	}
	for text, want := range map[string]string{
		`{"r1": {"h": {"reservedcpus": [96]}}}`:             "reserved CPUs 96: the host lacks them",
		`{"r1": {"h": {"nodes": {"0": {"cpus": "0-96"}}}}}`: "CPUs 96, which the host lacks",
		`{"r1": {"h": {"nodes": {"0": {"cpus": "a"}}}}}`:    "nodes.0.cpus",
		`{"r1": {"h": {"nodes": {"x": {"cpus": "0"}}}}}`:    "no ID of a NUMA node",
		`{"r1": {"h": {"uncorecaches": 100}}}`:              "100 last-level caches for 48 cores",
	} {
		s, err := topology.ParseSettings([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topology.Resolve(epyc(), nil, s.For("r1", "h")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := topology.ParseSettings([]byte(`[]`)); err == nil {
		t.Error("a list is read")
	}
	// PVE-220: a ratio is judged when the file is read, and told with its place.
	_, err = topology.ParseSettings([]byte(`{"r1": {"*": {"cpuovercommit": 0}, "h": {"cpuovercommit": -1}}}`))
	if err == nil || !strings.Contains(err.Error(), "host h of region r1: cpuovercommit: want 0 or more, not -1") {
		t.Errorf("got %v", err)
	}
}
