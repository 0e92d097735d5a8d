// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/topology"
)

const gib = int64(1) << 30

// small is the host of the vectors of PVE-056: 8 cores of two threads, two caches.
func small(nodes int) topology.Host {
	h := topology.Host{Sockets: 1, Cores: 8, Threads: 2, Caches: 2, MemoryBytes: 64 * gib, ReservedCPUs: cpuset.New()}
	for i, part := range [][]string{{"0-15"}, {"0-3,8-11", "4-7,12-15"}}[nodes-1] {
		h.Nodes = append(h.Nodes, topology.Node{ID: i, CPUs: cpus(part), MemoryBytes: h.MemoryBytes / int64(nodes)})
	}
	return h
}

func cpus(text string) cpuset.CPUSet {
	set, err := cpuset.Parse(text)
	if err != nil {
		panic(err)
	}
	return set
}

// PVE-054, PVE-055, PVE-220: what is left of a host.
func TestFree(t *testing.T) {
	pinned := []capacity.Machine{{ID: 1, Pinned: cpus("0-3"), VCPUs: 4, MemoryBytes: 16 * gib}, {ID: 2, Pinned: cpus("2-4"), VCPUs: 3, MemoryBytes: 16 * gib}}
	for _, row := range []struct {
		reason string
		change func(*capacity.Host)
		cpus   int
		memory int64
	}{
		{"nothing runs", func(h *capacity.Host) { h.Machines = nil }, 16, 64 * gib},
		{"the example: CPUs that two are pinned to count once", func(*capacity.Host) {}, 11, 32 * gib},
		{"the reserve", func(h *capacity.Host) { h.ReservedBytes = gib }, 11, 31 * gib},
		{"reserved CPUs do not count twice", func(h *capacity.Host) { h.ReservedCPUs = cpus("0-1") }, 11, 32 * gib},
		{"unpinned ones count by their CPUs", func(h *capacity.Host) { h.Machines = append(h.Machines, capacity.Machine{VCPUs: 3}) }, 8, 32 * gib},
		{"a container takes memory", func(h *capacity.Host) { h.Machines = append(h.Machines, capacity.Machine{MemoryBytes: gib}) }, 11, 31 * gib},
		{"more than there is", func(h *capacity.Host) { h.Machines = []capacity.Machine{{VCPUs: 99, MemoryBytes: 99 * gib}} }, 0, 0},
		{"overcommitted CPUs", func(h *capacity.Host) { h.Overcommit = 2.5 }, 35, 32 * gib},
	} {
		t.Run(row.reason, func(t *testing.T) {
			h := capacity.Host{Host: small(1), Machines: slices.Clone(pinned)}
			row.change(&h)
			if got := h.Free(); got.VCPUs != row.cpus || got.MemoryBytes != row.memory {
				t.Errorf("got %+v, want %d, %d", got, row.cpus, row.memory)
			}
		})
	}
}

// PVE-056, PVE-057, PVE-202: which CPUs and nodes a machine gets.
func TestPin(t *testing.T) {
	taken := func(texts ...string) []capacity.Machine {
		var out []capacity.Machine
		for i, text := range texts {
			out = append(out, capacity.Machine{ID: i, Pinned: cpus(text), MemoryBytes: gib})
		}
		return out
	}
	for _, row := range []struct {
		reason string
		nodes  int
		runs   []capacity.Machine
		vcpus  int
		memory int64
		want   string
	}{
		{"the vector: within one cache", 1, nil, 4, gib, "0-1,8-9 map[0:1024]"},
		{"the vector: a whole cache", 1, taken("0,8"), 8, gib, "4-7,12-15 map[0:1024]"},
		{"a whole host", 1, nil, 16, gib, "0-15 map[0:1024]"},
		{"a whole node, then within a cache", 2, nil, 10, gib, "0-4,8-12 map[0:819 1:205]"},
		{"an odd need takes one thread of the last core", 1, nil, 3, gib, "0-1,8 map[0:1024]"},
		{"the cache of the node with fewer free CPUs", 2, taken("4,12"), 4, gib, "5-6,13-14 map[1:1024]"},
		{"no cache has it: whole cores, then single CPUs of partly used ones", 1, taken("0-2", "4-6"), 9, gib, "3,7-13,15 map[0:1024]"},
		{"partly used cores are filled first", 1, taken("0-2", "4-6", "8"), 8, gib, "3,7,9-13,15 map[0:1024]"},
		{"a node with memory", 2, []capacity.Machine{{VCPUs: 0, MemoryBytes: 30 * gib, Nodes: map[int]int64{0: 30 * gib}}}, 4, 8 * gib, "4-5,12-13 map[1:8192]"},
		{"no node has the memory: it is divided over those used", 2, nil, 12, 48 * gib, "0-5,8-13 map[0:32768 1:16384]"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			h := capacity.Host{Host: small(row.nodes), Machines: row.runs}
			set, nodes, err := capacity.Pin(h, capacity.Need{VCPUs: row.vcpus, MemoryBytes: row.memory})
			if err != nil {
				t.Fatal(err)
			}
			var total int64
			for id, bytes := range nodes {
				total += bytes
				nodes[id] = bytes >> 20
			}
			if total != row.memory || set.Size() != row.vcpus {
				t.Errorf("%d CPUs and %d bytes were asked for, not %s and %d", row.vcpus, row.memory, set, total)
			}
			for _, m := range row.runs {
				if twice := m.Pinned.Intersection(set); !twice.IsEmpty() {
					t.Errorf("%s are taken", twice)
				}
			}
			if got := fmt.Sprint(set, " ", nodes); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
	for _, row := range []struct {
		need capacity.Need
		want string
	}{
		{capacity.Need{VCPUs: 17, MemoryBytes: gib}, "not enough CPUs available: requested=17, available=16"},
		{capacity.Need{VCPUs: 1, MemoryBytes: 65 * gib}, fmt.Sprintf("not enough memory available: requested=%d, available=%d", 65*gib, 64*gib)},
	} {
		var lacks *capacity.NoRoomError
		if _, _, err := capacity.Pin(capacity.Host{Host: small(1)}, row.need); !errors.As(err, &lacks) || err.Error() != row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
	}
}

// PVE-056: partly used cores come before those that are wholly free.
func TestPinFillsCores(t *testing.T) {
	h := capacity.Host{Host: small(1), Machines: []capacity.Machine{{Pinned: cpus("0-1,4-6,12-14")}}}
	// Free: 8, 9 (cores 0 and 1 in part), cores 2, 3 and 7 wholly.
	set, _, err := capacity.Pin(h, capacity.Need{VCPUs: 7})
	if err != nil || set.String() != "2-3,7-8,10-11,15" {
		t.Errorf("got %s, %v", set, err)
	}
}

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// PVE-050, PVE-202: launches count until a reading shows them, and release leads back.
func TestLedger(t *testing.T) {
	for _, pins := range []bool{false, true} {
		t.Run(fmt.Sprint("pins ", pins), func(t *testing.T) {
			l, at, now := capacity.NewLedger(pins), capacity.Place{Region: "r1", Host: "pve1"}, start()
			_, known := l.Offers(at)
			if _, err := l.Reserve(at, 1, capacity.Need{VCPUs: 1}); err == nil || known {
				t.Error("a host that was never read has room")
			}
			read := func(after time.Duration, machines ...capacity.Machine) {
				l.Read(at, capacity.Reading{Topology: small(2), Machines: machines, Began: now.Add(after)})
			}
			free := func() int { f, _ := l.Free(at); return f.VCPUs }
			read(0)
			generation := l.Generation()
			m, err := l.Reserve(at, 1, capacity.Need{VCPUs: 4, MemoryBytes: gib})
			if !l.Launching(at, 1) || l.Launching(at, 2) || l.Generation() == generation {
				t.Error("a launch is not told")
			}
			if err != nil || free() != 12 || (m.Pinned.Size() == 4) != pins {
				t.Fatalf("got %+v, %v, %d", m, err, free())
			}
			read(time.Minute)
			if free() != 12 {
				t.Errorf("a reading forgot a launch: %d", free())
			}
			l.Started(at, 1, now.Add(2*time.Minute))
			if l.Launching(at, 1) {
				t.Error("a machine that runs is being launched")
			}
			read(time.Minute, m)
			if free() != 12 {
				t.Errorf("a machine counts twice, or not at all: %d", free())
			}
			read(3*time.Minute, m)
			if free() != 12 {
				t.Errorf("got %d", free())
			}
			read(4 * time.Minute)
			if free() != 16 {
				t.Errorf("a machine that no longer runs counts: %d", free())
			}
			read(5*time.Minute, m)
			l.Release(at, 1, now.Add(6*time.Minute))
			if free() != 16 {
				t.Errorf("a machine that is gone counts: %d", free())
			}
			read(5*time.Minute, m)
			if free() != 16 {
				t.Errorf("a reading that began before brought a machine back: %d", free())
			}
			read(7*time.Minute, m)
			if free() != 12 {
				t.Errorf("a machine with its ID does not count: %d", free())
			}
			l.Forget(at)
			if _, known := l.Free(at); known {
				t.Error("a host that was forgotten is known")
			}
		})
	}
}

// PVE-220: CPUs are overcommitted where machines are not pinned, and memory never.
func TestOvercommit(t *testing.T) {
	for pins, want := range map[bool]int{false: 4, true: 2} {
		l, at := capacity.NewLedger(pins), capacity.Place{Host: "pve1"}
		l.Read(at, capacity.Reading{Topology: small(2), Began: start(), Overcommit: 2})
		got := 0
		fits := func(n capacity.Need) bool { room, known := l.Offers(at); return known && room.Holds(n) }
		for need := (capacity.Need{VCPUs: 8, MemoryBytes: gib}); fits(need); got++ {
			if _, err := l.Reserve(at, got, need); err != nil {
				t.Fatalf("pins %t: it fits, and %v", pins, err)
			}
		}
		if got != want || fits(capacity.Need{MemoryBytes: 65 * gib}) {
			t.Errorf("pins %t: %d machines", pins, got)
		}
	}
}

// PVE-203: concurrent launches never take more together than there is, also across a
// reading.
func TestConcurrentReserve(t *testing.T) {
	for _, pins := range []bool{false, true} {
		l, at := capacity.NewLedger(pins), capacity.Place{Host: "pve1"}
		l.Read(at, capacity.Reading{Topology: small(2), Began: start()})
		var got sync.Map
		var wait sync.WaitGroup
		for id := range 50 {
			wait.Go(func() {
				if m, err := l.Reserve(at, id, capacity.Need{VCPUs: 3, MemoryBytes: gib}); err == nil {
					got.Store(id, m)
				}
				if id%10 == 0 {
					l.Read(at, capacity.Reading{Topology: small(2), Began: start()})
				}
			})
		}
		wait.Wait()
		count, all := 0, cpuset.New()
		got.Range(func(_, m any) bool {
			count++
			all = all.Union(m.(capacity.Machine).Pinned)
			return true
		})
		if count != 5 || pins && all.Size() != 15 {
			t.Errorf("pins %t: %d machines got %s", pins, count, all)
		}
	}
}
