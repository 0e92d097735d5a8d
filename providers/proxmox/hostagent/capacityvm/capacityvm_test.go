// SPDX-License-Identifier: Apache-2.0

package capacityvm_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/providers/proxmox/hostagent/capacityvm"
	"karpenter.sh/providers/proxmox/hostagent/internal/hosttest"
	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
	"karpenter.sh/providers/proxmox/topology"
)

// shell is a pvesh that writes the options of machines of a host.
type shell struct {
	host *hosttest.Host
	ran  []string
	fail error
}

func (s *shell) Run(_ context.Context, args ...string) ([]byte, error) {
	s.ran = append(s.ran, strings.Join(args, " "))
	if s.fail != nil {
		return nil, s.fail
	}
	if args[0] == "get" {
		return []byte("\"104\"\n"), nil
	}
	file, skip := "etc/pve/qemu-server/104.conf", 2
	if args[0] == "create" {
		skip = 4
	}
	now := qemuconfig.Parse([]byte(s.host.Read(file)))
	for i := skip; i < len(args); i += 2 {
		name, value := strings.TrimPrefix(args[i], "--"), args[i+1]
		switch name {
		case "description":
			now.Description = value
		case "delete":
			for gone := range strings.SplitSeq(value, ",") {
				delete(now.Options, gone)
			}
		default:
			now.Options[name] = value
		}
	}
	text := "#" + now.Description + "\n"
	for name, value := range now.Options {
		text += name + ": " + value + "\n"
	}
	s.host.Write(file, text)
	return nil, nil
}

const gib = 1 << 20 // in KiB

// epyc is a host of two NUMA nodes, with a third that has no CPUs.
func epyc(t *testing.T) (*hosttest.Host, *shell) {
	h := hosttest.New(t, 1)
	h.Write("sys/devices/system/cpu/online", "0-95\n")
	h.Node(0, "0-11,48-59", 63*gib+100)
	h.Node(1, "12-23,60-71", 64*gib)
	h.Node(2, "", 64*gib)
	return h, &shell{host: h}
}

func keeper(h *hosttest.Host, s *shell) capacityvm.Keeper {
	return capacityvm.Keeper{Host: h.Host(), Shell: s, Clock: clock.RealClock{}, Log: slog.New(slog.DiscardHandler), Interval: time.Hour, Retries: 2}
}

// PVE-122, PVE-053: the machine is made once, is what the controller reads nodes from, and
// follows the host.
func TestEnsure(t *testing.T) {
	h, s := epyc(t)
	h.Options(100, "name: node-capacity\n") // of the name alone, hence another
	h.Options(101, "name: node-capacity\ntags: karpenter\ntemplate: 1\n")
	if err := keeper(h, s).Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "[get /cluster/nextid --output-format json " +
		"create /nodes/pve1/qemu --vmid 104 --affinity 0-11,48-59,12-23,60-71 --cores 48 --cpu host --description Karpenter discovery service " +
		"--memory 128000 --numa 1 --numa0 cpus=0-23,hostnodes=0,memory=63488 --numa1 cpus=24-47,hostnodes=1,memory=64512 --ostype l26 --sockets 1 " +
		"--name node-capacity --tags karpenter]"
	if got := fmt.Sprint(s.ran); got != want {
		t.Errorf("got %s", got)
	}
	made := qemuconfig.Parse([]byte(h.Read("etc/pve/qemu-server/104.conf"))).Options
	read, err := topology.Resolve(topology.Facts{Sockets: 1, Cores: 48, CPUs: 96, MemoryBytes: 128 << 30}, &topology.CapacityMachine{
		Affinity: made["affinity"], NUMA: []string{made["numa0"], made["numa1"]},
	}, nil)
	if err != nil || len(read.Nodes) != 2 || read.Nodes[1].CPUs.String() != "12-23,60-71" || read.Nodes[1].MemoryBytes != 63<<30 {
		t.Errorf("the controller reads %+v, %v", read.Nodes, err)
	}
	s.ran = nil
	if err := keeper(h, s).Ensure(t.Context()); err != nil || len(s.ran) > 0 {
		t.Errorf("nothing has changed, and %q, %v", s.ran, err)
	}
	h.Write("sys/devices/system/cpu/online", "0-10\n")
	for range 2 {
		if err := keeper(h, s).Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(s.ran), "[set /nodes/pve1/qemu/104/config --affinity 0-10 --cores 11 --memory 63488 --numa0 cpus=0-10,hostnodes=0,memory=63488 --delete numa1]"; got != want {
		t.Errorf("got %s", got)
	}
}

// PVE-122: the memory that is told of a node.
func TestMemory(t *testing.T) {
	for kib, want := range map[int64]string{gib / 2: "0", gib: "1024", 2*gib - 1: "1024", 2 * gib: "1024", 3 * gib: "2048"} {
		h := hosttest.New(t, 1)
		h.Node(0, "0", kib)
		nodes, err := h.Host().Nodes()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := capacityvm.Options(nodes); err != nil || got["memory"] != want || got["numa0"] != "cpus=0,hostnodes=0,memory="+want {
			t.Errorf("%d KiB: got %q, %v", kib, got, err)
		}
	}
}

// PVE-122: without quorum nothing is written; it is waited for.
func TestQuorum(t *testing.T) {
	h, s := epyc(t)
	members := func(quorate int) {
		h.Write("etc/pve/.members", fmt.Sprintf(`{"nodename": "pve1", "version": 3, "cluster": {"name": "c", "nodes": 3, "quorate": %d}}`, quorate))
	}
	members(0)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := keeper(h, s).Ensure(t.Context()); err == nil || len(s.ran) > 0 || time.Since(began) != 30*time.Second {
			t.Errorf("after %s: %q, %v", time.Since(began), s.ran, err)
		}
		go func() {
			time.Sleep(10500 * time.Millisecond)
			members(1)
		}()
		began = time.Now()
		if err := keeper(h, s).Ensure(t.Context()); err != nil || len(s.ran) != 2 || time.Since(began) != 11*time.Second {
			t.Errorf("after %s: %q, %v", time.Since(began), s.ran, err)
		}
	})
}

// PVE-122: what fails is tried again a bounded number of times in each interval, and ends
// with the context.
func TestRun(t *testing.T) {
	h, s := epyc(t)
	s.fail = errors.New("no")
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		go keeper(h, s).Run(ctx)
		for _, row := range []struct {
			pass time.Duration
			want int
		}{{0, 1}, {2 * time.Second, 2}, {4 * time.Second, 3}, {59 * time.Minute, 3}, {time.Minute, 4}} {
			time.Sleep(row.pass)
			if synctest.Wait(); len(s.ran) != row.want {
				t.Errorf("after %s more: %d tries", row.pass, len(s.ran))
			}
		}
		end()
	})
}

// PVE-122: what makes no sense is an error, and nothing is written.
func TestRefuses(t *testing.T) {
	for reason, spoil := range map[string]func(h *hosttest.Host){
		"a name that is a path": func(h *hosttest.Host) { h.Write("etc/pve/.members", `{"nodename": "../x"}`) },
		"no nodes":              func(h *hosttest.Host) { h.Remove("sys/devices/system/node") },
		"CPUs that are no list": func(h *hosttest.Host) { h.Write("sys/devices/system/node/node0/cpulist", "x") },
		"memory that is none":   func(h *hosttest.Host) { h.Write("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: -1 kB") },
		"no memory":             func(h *hosttest.Host) { h.Write("sys/devices/system/node/node0/meminfo", "") },
		"no CPUs":               func(h *hosttest.Host) { h.Write("sys/devices/system/cpu/online", "95") },
		"no file system":        func(h *hosttest.Host) { h.Remove("etc/pve/qemu-server") },
	} {
		t.Run(reason, func(t *testing.T) {
			h, s := epyc(t)
			spoil(h)
			synctest.Test(t, func(t *testing.T) {
				if err := keeper(h, s).Ensure(t.Context()); err == nil || len(s.ran) > 0 {
					t.Errorf("%v, %q", err, s.ran)
				}
			})
		})
	}
}

// PVE-122: what pvesh complains of is told, but for the options.
func TestPvesh(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pvesh")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$1\"\n[ \"$1\" = get ] || { echo refused >&2; exit 2; }\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := capacityvm.Pvesh{Path: program}
	if got, err := p.Run(t.Context(), "get", "/x"); err != nil || string(got) != "get\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := p.Run(t.Context(), "set", "/x", "--long"); err == nil || !strings.Contains(err.Error(), "pvesh set /x: exit status 2: refused") {
		t.Errorf("got %v", err)
	}
}
