// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/internal/seed"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/proxmox"
)

// register records what joins.
type register struct{ said []string }

func (r *register) Join(_ context.Context, n join.Node) error {
	r.said = append(r.said, "join "+n.Machine.NodeName+" "+n.Machine.ProviderID)
	return nil
}

func (r *register) Silence(_ context.Context, m join.Machine) error {
	r.said = append(r.said, "silence "+m.NodeName)
	return nil
}

func (r *register) Leave(_ context.Context, m join.Machine) error {
	r.said = append(r.said, "leave "+m.NodeName)
	return nil
}

// told is what was said since the last time.
func (r *register) told() string {
	out := strings.Join(r.said, ", ")
	r.said = nil
	return out
}

const boot = 20 * time.Second

// joining are clusters whose machines join, beside what they say.
func joining(t *testing.T, change func(*proxmox.Options)) (*world, *register) {
	t.Helper()
	r := &register{}
	w := start(t, func(o *proxmox.Options) {
		o.Joiner, o.Boot = r, boot
		if change != nil {
			change(o)
		}
	})
	return w, r
}

// medium is a medium with boot data by which a machine joins with a name and an address.
func medium(t *testing.T, name, address string) []byte {
	t.Helper()
	return seed.Medium(t, "cidata", map[string]string{
		"meta-data":      "local-hostname: " + name + "\n",
		"user-data":      "#cloud-config\nwrite_files: [{path: /etc/kubelet.yaml, content: \"kind: KubeletConfiguration\\nmaxPods: 30\\n\"}]\n",
		"network-config": "version: 2\nethernets: {a: {match: {macaddress: \"" + "bc:24:11:00:00:01" + "\"}, addresses: [" + address + "/16]}}\n",
	})
}

// machineWith makes machine 101 with a medium, and does not start it.
func (w *world) machineWith(id int, content []byte) {
	w.Helper()
	w.must(clone, fmt.Sprintf("newid=%d&full=1", id))
	name := fmt.Sprintf("user-data-%d.iso", id)
	out := w.upload("/nodes/pve1/storage/local/upload", [][2]string{{"content", "iso"}}, name, content)
	if upid, ok := out.Data.(string); !ok || w.wait(upid) != "OK" {
		w.Fatalf("got %+v", out)
	}
	w.must(fmt.Sprintf("POST /nodes/pve1/qemu/%d/config", id),
		"net0=virtio=BC:24:11:00:00:01,bridge=vmbr0&cores=4&memory=8192&ide2=local:iso/"+name+",media=cdrom&smbios1=sku=YzEuNFZDUFUtOEdC,base64=1")
}

// SIM-103: a machine joins after its boot, falls silent when it stops, speaks again when it
// starts, and leaves when it is deleted.
func TestMachineJoins(t *testing.T) {
	w, r := joining(t, nil)
	w.machineWith(101, medium(t, "n1", "10.10.0.50"))
	w.must("POST "+node+"/status/start", "")
	w.step(boot - time.Second)
	if got := r.told(); got != "" {
		t.Errorf("before its boot: %s", got)
	}
	w.step(time.Second)
	if got := r.told(); got != "join n1 proxmox://r1/101" {
		t.Errorf("after its boot: %s", got)
	}
	outcome, _ := w.cloud.Yard().Outcome("r1:101:2")
	m := outcome.Node.Machine
	if m.Type != "c1.4VCPU-8GB" || m.Zone != "pve1" || m.Region != "r1" || m.CPU != 4 || m.Memory != 8192 || m.Disk != 3 || m.Address != "10.10.0.50" {
		t.Errorf("got %+v", m)
	}
	w.must("POST "+node+"/status/stop", "")
	if got := r.told(); got != "silence n1" {
		t.Errorf("stopped: %s", got)
	}
	w.must("POST "+node+"/status/start", "")
	w.step(boot)
	if got := r.told(); got != "join n1 proxmox://r1/101" {
		t.Errorf("started again: %s", got)
	}
	w.must("POST "+node+"/status/stop", "")
	w.must("DELETE "+node, "")
	if got := r.told(); got != "silence n1, leave n1" {
		t.Errorf("deleted: %s", got)
	}
}

// SIM-103: a host that goes away takes its machines along, as does what happens to one
// before its boot is over.
func TestMachinesThatGoAway(t *testing.T) {
	for reason, row := range map[string]struct {
		do   func(w *world) error
		want string
	}{
		"its host":             {func(w *world) error { return w.cloud.SetHostOffline(region, "pve1", true) }, "silence n1"},
		"what runs in it":      {func(w *world) error { return w.cloud.Lose("r1:101") }, "silence n1"},
		"by somebody's hand":   {func(w *world) error { return w.cloud.Remove("r1:101") }, "leave n1"},
		"its plug":             {func(w *world) error { return w.cloud.PowerOff("r1:101") }, "silence n1"},
		"it moves to the next": {func(w *world) error { return w.cloud.Migrate(region, 101, "pve2") }, ""},
	} {
		w, r := joining(t, nil)
		w.machineWith(101, medium(t, "n1", "10.10.0.50"))
		w.must("POST "+node+"/status/start", "")
		w.step(boot)
		_ = r.told()
		if err := row.do(w); err != nil || r.told() != row.want {
			t.Errorf("%s: %v, want %s", reason, err, row.want)
		}
	}
	w, r := joining(t, nil)
	w.machineWith(101, medium(t, "n1", "10.10.0.50"))
	w.must("POST "+node+"/status/start", "")
	w.must("POST "+node+"/status/stop", "")
	w.step(time.Hour)
	if got := r.told(); got != "" {
		t.Errorf("stopped before its boot was over: %s", got)
	}
	rules, err := fault.Parse([]byte(`[{"call": "POST *start", "dies": "5s"}]`), w.cloud.Calls())
	if err != nil {
		t.Fatal(err)
	}
	w.cloud.Faults().Add(rules...)
	w.must("POST "+node+"/status/start", "")
	w.step(time.Hour)
	if m, _ := w.machine(101); m.Running || r.told() != "" {
		t.Errorf("it dies: %+v", m)
	}
}

// SIM-101, SIM-104: why a machine does not join.
func TestMachinesThatDoNotJoin(t *testing.T) {
	w, r := joining(t, func(o *proxmox.Options) { o.Setup.Regions[0].Hosts[0].Bridges[0].CIDR = "10.10.0.11/16" })
	w.must(clone, "newid=101&full=1")
	w.must("POST "+node+"/status/start", "")
	w.machineWith(102, medium(t, "n2", "10.10.0.50"))
	w.machineWith(103, medium(t, "n3", "10.10.0.50"))
	w.machineWith(104, medium(t, "n4", "10.10.0.12"))
	for _, id := range []string{"102", "103", "104"} {
		w.must("POST /nodes/pve1/qemu/"+id+"/status/start", "")
	}
	w.step(boot)
	if got := r.told(); got != "join n2 proxmox://r1/102" {
		t.Errorf("got %s", got)
	}
	reasons := ""
	for _, outcome := range w.cloud.Yard().Outcomes() {
		reasons += outcome.Reason + "; "
	}
	for _, want := range []string{"the image configures no kubelet", "machine 102 has address 10.10.0.50, too", "host pve2 has address 10.10.0.12, too"} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no word of %q in %s", want, reasons)
		}
	}
}

// SIM-102, SIM-104: an image whose kubelet is configured needs no medium, and clones have
// it, with an address by DHCP of their own.
func TestImagesThatJoin(t *testing.T) {
	w, r := joining(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Machines[0].Kubelet = map[string]any{"maxPods": 50.0}
	})
	for _, id := range []string{"101", "102"} {
		w.must(clone, "newid="+id+"&full=1&name=n"+id)
		w.must("POST /nodes/pve1/qemu/"+id+"/status/start", "")
	}
	w.step(boot)
	if got := r.told(); got != "join n101 proxmox://r1/101, join n102 proxmox://r1/102" {
		t.Errorf("got %s", got)
	}
	addresses := map[string]bool{}
	for _, outcome := range w.cloud.Yard().Outcomes() {
		addresses[outcome.Node.Machine.Address] = true
	}
	if !addresses["10.10.255.254"] || !addresses["10.10.255.253"] {
		t.Errorf("got %v", addresses)
	}
}

// SIM-105: VNets are bridges of the hosts of their zone, with privileges of their own.
func TestVNets(t *testing.T) {
	w, r := joining(t, func(o *proxmox.Options) {
		in := &o.Setup.Regions[0]
		in.Zones = []proxmox.Zone{{Name: "apps", Type: "vlan", MTU: 1450, Hosts: []string{"pve1"}, VNets: []proxmox.VNet{
			{Name: "vnodes", Tag: 100, Subnets: []proxmox.Subnet{{CIDR: "10.20.0.0/24", Gateway: "10.20.0.1", DHCP: true}}},
		}}}
		in.Machines[0].Kubelet = map[string]any{"maxPods": 50.0}
		in.Users = append(in.Users, proxmox.User{
			Name: "a@pve", Grants: []proxmox.Grant{{Path: "/vms", Privileges: []string{"VM.Config.Network", "VM.Audit"}}, {Path: "/sdn/zones/localnetwork", Privileges: []string{"SDN.Use"}}},
			Tokens: []proxmox.Token{{ID: "t", Secret: "s"}},
		})
	})
	for call, want := range map[string]string{
		"GET /cluster/sdn/zones": "apps", "GET /cluster/sdn/vnets": "vnodes", "GET /cluster/sdn/vnets/vnodes/subnets": "10.20.0.0/24",
		"GET /nodes/pve1/network type=any_bridge": "vnodes", "GET /nodes/pve1/network type=vnet": "vnodes",
	} {
		at, parameters, _ := strings.Cut(strings.TrimPrefix(call, "GET "), " ")
		if got := fmt.Sprint(w.must("GET "+at, parameters).Data); !strings.Contains(got, want) {
			t.Errorf("%s: %s", call, got)
		}
	}
	for _, call := range []string{"GET /nodes/pve2/network?type=any_bridge", "GET /nodes/pve1/network?type=any_local_bridge", "GET /nodes/pve1/network?"} {
		at, parameters, _ := strings.Cut(call, "?")
		if got := fmt.Sprint(w.must(at, parameters).Data); strings.Contains(got, "vnodes") {
			t.Errorf("%s: %s", call, got)
		}
	}
	w.must(clone, "newid=101&full=1")
	w.must("POST "+node+"/config", "net0=virtio,bridge=vnodes")
	w.must("POST "+node+"/status/start", "")
	w.step(boot)
	if outcome, _ := w.cloud.Yard().Outcome("r1:101:2"); outcome.Node == nil || outcome.Node.Machine.Address != "10.20.0.254" {
		t.Errorf("got %+v, %s", outcome, r.told())
	}
	w.token = "a@pve!t=s"
	if status, _ := w.try("POST "+node+"/config", "net0=virtio,bridge=vnodes,tag=7"); status != "403 Permission check failed (/sdn/zones/apps/vnodes/7, SDN.Use)" {
		t.Errorf("got %s", status)
	}
	w.must("POST "+node+"/config", "net0=virtio,bridge=vmbr0")
}

// SIM-106: devices that are passed through are there once.
func TestMappings(t *testing.T) {
	w, _ := joining(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Mappings = []proxmox.Mapping{{ID: "gpu", Resource: "nvidia.com/gpu", Devices: []proxmox.Device{{Host: "pve1", Path: "0000:01:00.0"}, {Host: "pve2", Path: "0000:01:00.0"}}}}
		o.Setup.Regions[0].Machines[0].Kubelet = map[string]any{"maxPods": 50.0}
	})
	if got := fmt.Sprint(w.must("GET /cluster/mapping/pci", "").Data); !strings.Contains(got, "node=pve1,path=0000:01:00.0") {
		t.Errorf("got %s", got)
	}
	for _, id := range []string{"101", "102"} {
		w.must(clone, "newid="+id+"&full=1&name=n"+id)
		w.must("POST /nodes/pve1/qemu/"+id+"/config", "hostpci0=mapping=gpu,pcie=1")
	}
	w.must("POST "+node+"/status/start", "")
	if status, _ := w.try("POST /nodes/pve1/qemu/102/status/start", ""); status != "no PCI device of mapping 'gpu' is free on node 'pve1'" {
		t.Errorf("got %s", status)
	}
	w.step(boot)
	if outcome, _ := w.cloud.Yard().Outcome("r1:101:2"); outcome.Node == nil || outcome.Node.Machine.Extended["nvidia.com/gpu"] != 1 {
		t.Errorf("got %+v", outcome)
	}
	w.must("POST "+node+"/status/stop", "")
	w.must("POST /nodes/pve1/qemu/102/status/start", "")
	if status, _ := w.try("POST "+node+"/config", "hostpci1=mapping=none"); status != "500 PCI device mapping not found for 'none'" {
		t.Errorf("got %s", status)
	}
}
