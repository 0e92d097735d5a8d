// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/topology"
	"karpenter.sh/test/cloudsim/proxmox"
)

// world is simulated clusters with a launcher.
type world struct {
	*simtest.World
	*launch.Launcher
	t *testing.T
}

func start(t *testing.T, pins bool, change func(*proxmox.Options)) *world {
	t.Helper()
	w := &world{World: simtest.Start(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Machines[0].Options["ipconfig0"] = "ip=10.10.0.0/16"
		if change != nil {
			change(o)
		}
	}), t: t}
	w.Launcher = launch.New(launch.Options{
		Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region)},
		Ledger:  capacity.NewLedger(pins), Book: network.NewBook(), IDs: launch.NewIDs(20000, w.Clock), Clock: w.Clock,
	})
	w.read()
	w.Book.Ready()
	return w
}

// read tells the ledger what the hosts are, and that nothing runs there.
func (w *world) read() {
	for _, host := range []string{"pve1", "pve2"} {
		h, err := topology.Resolve(topology.Facts{Model: "AMD EPYC 7302", Sockets: 1, Cores: 16, CPUs: 32, MemoryBytes: 128 << 30}, nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.Ledger.Read(capacity.Place{Region: simtest.Region, Host: host}, capacity.Reading{Topology: h, Began: w.Clock.Now()})
	}
}

func order() launch.Order {
	return launch.Order{
		Region: simtest.Region, Host: "pve1", Name: "n1", Owner: machineconfig.Owner{NodeClass: "c", CapacityType: "on-demand", NodePool: "p", Cluster: "k", UID: "u1"},
		Template: pve.Place{Host: "pve1", ID: 9000}, Storage: "local-lvm", Pool: "karpenter", InstanceType: "c1.4VCPU-8GB", VCPUs: 4, MemoryBytes: 8 << 30, DiskBytes: 30 << 30,
		Tags: []string{"b", "a"}, Groups: []firewall.Group{{Name: "nodes"}, {Name: "nodes", Interface: "net1"}},
		Files: func(context.Context, launch.Made) (cloudinit.Files, error) {
			return cloudinit.Files{"user-data": []byte("#cloud-config\n"), "meta-data": nil}, nil
		},
	}
}

// machines are those of the region, without the template.
func (w *world) machines() []proxmox.Seen {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(m proxmox.Seen) bool { return m.ID == 9000 })
}

// left is all that a launch could leave.
func (w *world) left() string {
	w.t.Helper()
	volumes, err := w.Cloud.Volumes(simtest.Region)
	if err != nil {
		w.t.Fatal(err)
	}
	free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"})
	next, err := w.Book.Allocate("probe", network.Interface{MAC: "BC:24:11:00:00:01", Address4: pool()}, network.Bridge{Address4: bridge()})
	w.Book.Release("probe")
	return fmt.Sprint(w.machines(), volumes, free, next.Address4, err)
}
