// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// PVE-063, PVE-065, PVE-087, PVE-090: what a machine is in the end.
func TestLaunch(t *testing.T) {
	w := start(t, false, nil)
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	m := w.machines()[0]
	if made.ID != 20000 || m.ID != 20000 || !m.Running || m.Host != "pve1" || m.Pool != "karpenter" {
		t.Errorf("got %+v", m)
	}
	for name, want := range map[string]string{
		"name": "n1", "cores": "4", "memory": "8192", "tags": "a;b;go-proxmox+cloud-init", "ipconfig0": "gw=10.10.0.11,ip=10.10.0.12/16",
		"ide2": "local:iso/user-data-20000-u1.iso,media=cdrom", "boot": "order=scsi0;ide2", "scsi0": "local-lvm:vm-20000-disk-0,iothread=1,size=30G",
		"description": "Karpenter managed instance, class=c, capacity-type=on-demand, nodepool=p, cluster=k, uid=u1, image=9000-151445218505738649",
	} {
		if m.Options[name] != want {
			t.Errorf("%s is %q, want %q", name, m.Options[name], want)
		}
	}
	if len(m.Rules) != 2 || m.Rules[0]["iface"] != "net0" || m.Rules[1]["iface"] != "net1" || m.Rules[0]["enable"] != "1" || m.Firewall["policy_in"] != "DROP" || m.Firewall["policy_out"] != "ACCEPT" {
		t.Errorf("got %+v, %v", m.Rules, m.Firewall)
	}
	if free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"}); free.VCPUs != 28 || free.MemoryBytes != 119<<30 {
		t.Errorf("got %+v", free)
	}
	medium, err := w.Cloud.File(simtest.Region, "pve1", "local:iso/user-data-20000-u1.iso")
	if err != nil || len(medium) == 0 {
		t.Errorf("%d bytes, %v", len(medium), err)
	}
}

// PVE-058: pinning is for root itself; else an agent on the host reads whereto.
func TestPinned(t *testing.T) {
	for _, root := range []bool{true, false} {
		w := start(t, true, nil)
		if root {
			w.Clients[simtest.Region] = w.As(simtest.Region, pve.Credentials{Username: "root@pam", Password: "secret"})
		}
		if _, err := w.Launch(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		m := w.machines()[0]
		owner, _ := machineconfig.OwnerOf(m.Options["description"])
		affinity := map[bool]string{true: m.Options["affinity"], false: owner.Affinity}[root]
		if set, err := cpuset.Parse(affinity); err != nil || set.String() != "0-1,16-17" || m.Options["affinity"] != "" != root || owner.Affinity != "" == root {
			t.Errorf("root %t: %+v", root, m.Options)
		}
		if m.Options["numa"] != "1" || m.Options["numa0"] != "cpus=0-3,hostnodes=0,memory=8192,policy=bind" {
			t.Errorf("got %v", m.Options)
		}
	}
}

// PVE-064: an ID that somebody else takes meanwhile is theirs.
func TestLostRace(t *testing.T) {
	w := start(t, false, nil)
	stranger := proxmox.Machine{ID: 20000, Host: "pve1", Options: map[string]string{"name": "stranger"}}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *clone", Times: 1, Error: &fault.Failure{Code: "x", Message: "unable to create VM 20000 - VM 20000 already exists on node 'pve1'"}})
	if err := w.Cloud.Place(simtest.Region, stranger); err != nil {
		t.Fatal(err)
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *nextid", Match: map[string]string{"vmid": "20000"}, Error: &fault.Failure{Code: "x", Message: "Parameter verification failed.", Status: 400}})
	made, err := w.Launch(t.Context(), order())
	if err != nil || made.ID != 20002 {
		t.Errorf("got %+v, %v", made.Place, err)
	}
	if all := w.machines(); len(all) != 2 || all[0].Options["name"] != "stranger" {
		t.Errorf("got %+v", all)
	}
}

// PVE-066: locks are waited for several times.
func TestBusy(t *testing.T) {
	w := start(t, false, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *start", Times: 3, Within: &fault.Failure{Code: "x", Message: "can't lock file '/var/lock/qemu-server/lock-20000.conf' - got timeout"}})
	if _, err := w.Launch(t.Context(), order()); err != nil {
		t.Error(err)
	}
}

// PVE-203: 50 launches at a time get IDs and addresses of their own, and no more than there
// is.
func TestConcurrent(t *testing.T) {
	w := start(t, false, nil)
	var wait sync.WaitGroup
	var mu sync.Mutex
	full := 0
	for n := range 50 {
		wait.Go(func() {
			o := order()
			o.Name, o.Owner.UID, o.Host, o.Files, o.Groups = fmt.Sprint("n", n), fmt.Sprint("u", n), []string{"pve1", "pve2"}[n%2], nil, nil
			_, err := w.Launch(t.Context(), o)
			var lacks *capacity.NoRoomError
			switch {
			case errors.As(err, &lacks):
				mu.Lock()
				full++
				mu.Unlock()
			case err != nil:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	addresses, onHost := map[string]bool{}, map[string]int{}
	for _, m := range w.machines() {
		addresses[m.Options["ipconfig0"]] = true
		onHost[m.Host]++
	}
	if full != 34 || len(addresses) != 16 || onHost["pve1"] != 8 || onHost["pve2"] != 8 {
		t.Errorf("%d found no room, %d addresses, %v", full, len(addresses), onHost)
	}
}
