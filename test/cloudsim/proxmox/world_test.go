// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// SIM-085: what goes wrong by a rule: the call, its answer, or its task.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		reason, rule, want string
		exists             bool // whether the clone is there in the end
	}{
		{"an error without effect", `[{"call": "POST *clone", "error": {"code": "busy", "message": "too busy", "status": 503}}]`, "503 too busy", false},
		{"an error with effect", `[{"call": "POST *clone", "error": {"code": "busy"}, "effective": true}]`, "500 busy", true},
		{"an error with effect later", `[{"call": "POST *clone", "error": {"code": "busy"}, "late": "30s"}]`, "500 busy", true},
		{"a lost answer", `[{"call": "POST *clone", "lost": true}]`, "cut", true},
		{"a task that fails", `[{"call": "POST *clone", "within": {"code": "x", "message": "clone failed: no space left on device"}}]`, "clone failed: no space left on device", false},
		{"another call", `[{"call": "POST *start", "error": {"code": "busy"}}]`, "OK", true},
		{"another machine", `[{"call": "POST *clone", "match": {"newid": "102"}, "error": {"code": "busy"}}]`, "OK", true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := start(t, nil)
			rules, err := fault.Parse([]byte(row.rule), w.cloud.Calls())
			if err != nil {
				t.Fatal(err)
			}
			w.cloud.Faults().Add(rules...)
			if status, _ := w.try(clone, "newid=101&full=1"); !strings.HasPrefix(status, row.want) {
				t.Errorf("got %s, want %s", status, row.want)
			}
			w.step(time.Minute)
			if m, ok := w.machine(101); ok != row.exists || m.Lock != "" || len(w.volumes("vm-101")) > 0 != row.exists {
				t.Errorf("the clone is there: %t, %+v; %v", ok, m, w.volumes("vm-101"))
			}
			if entries := w.cloud.Journal().Entries("POST /nodes/{node}/qemu/{vmid}/clone", 0); len(entries) != 1 || entries[0].Input["newid"] != "101" || entries[0].Identity != "root@pam!test" {
				t.Errorf("got %+v", entries)
			}
		})
	}
}

// SIM-084: a storage that is full fails the task, and nothing is left.
func TestFullStorage(t *testing.T) {
	w := start(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Storages[1].GiB = 4
	})
	w.must(clone, "newid=101&full=1&storage=local-lvm")
	if status, _ := w.try(clone, "newid=102&full=1&storage=local-lvm"); !strings.Contains(status, "no space left on device") {
		t.Errorf("got %s", status)
	}
	if _, ok := w.machine(102); ok || len(w.volumes("vm-102")) > 0 {
		t.Errorf("something is left: %v", w.volumes("vm-102"))
	}
	if status, _ := w.try("PUT "+node+"/resize", "disk=scsi0&size=5G"); !strings.Contains(status, "no space left on device") {
		t.Errorf("got %s", status)
	}
	// A clone on the other host takes the other host's storage.
	w.must(clone, "newid=103&full=1&storage=local-lvm&target=pve2")
}

// SIM-086: hosts go away with what runs on them and what they were doing, and come back.
func TestHosts(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1&target=pve2")
	w.must("POST /nodes/pve2/qemu/101/status/start", "")
	half := w.call("POST /nodes/pve1/qemu/9000/clone", "newid=102&full=1").Data.(string)
	if err := w.cloud.SetHostOffline(region, "pve2", true); err != nil {
		t.Fatal(err)
	}
	if status := w.call("GET /nodes/pve2/status", ""); status.Status != "595 No route to host" {
		t.Errorf("got %s", status.Status)
	}
	if got := w.statuses("vm"); got["101"] != "unknown" || w.statuses("node")["pve2"] != "offline" || w.statuses("node")["pve1"] != "online" {
		t.Errorf("got %v, %v", got, w.statuses("node"))
	}
	if got := w.wait(half); got != "OK" { // it is the other host's
		t.Errorf("got %s", got)
	}
	if err := w.cloud.SetHostOffline(region, "pve2", false); err != nil {
		t.Fatal(err)
	}
	if got := w.statuses("vm"); got["101"] != "stopped" {
		t.Errorf("got %v", got)
	}
	half = w.call("POST /nodes/pve1/qemu/9000/clone", "newid=103&full=1").Data.(string)
	for _, offline := range []bool{true, false} {
		if err := w.cloud.SetHostOffline(region, "pve1", offline); err != nil {
			t.Fatal(err)
		}
		w.step(time.Minute)
	}
	if m, _ := w.machine(103); m.Lock != "clone" || w.wait(half) != "unexpected status" {
		t.Errorf("what the host was doing when it went away is done: %+v, %s", m, w.wait(half))
	}
	if err := w.cloud.SetHostMaintenance(region, "pve1", true); err != nil {
		t.Fatal(err)
	}
	for _, entry := range w.call("GET /cluster/resources", "type=node").list() {
		if e := entry.(map[string]any); (e["hastate"] == "maintenance") != (e["node"] == "pve1") {
			t.Errorf("got %v", e)
		}
	}
	if err := w.cloud.SetRegionDown(region, true); err != nil {
		t.Fatal(err)
	}
	if got := w.call("GET /version", ""); !strings.HasPrefix(got.Status, "cut") {
		t.Errorf("got %+v", got)
	}
}

// statuses are those of a kind of resource, by name or ID.
func (w *world) statuses(kind string) map[string]string {
	w.Helper()
	out := map[string]string{}
	for _, entry := range w.must("GET /cluster/resources", "type="+kind).list() {
		e := entry.(map[string]any)
		name := e["node"]
		if e["vmid"] != nil {
			name = e["vmid"]
		}
		out[fmt.Sprint(name)] = fmt.Sprint(e["status"])
	}
	return out
}

// SIM-087: reads that may be late show what was, for a while.
func TestLag(t *testing.T) {
	w := start(t, nil)
	w.cloud.Lag("machine", 5*time.Second)
	w.step(time.Minute)
	w.must(clone, "newid=101&full=1")
	w.step(5 * time.Second)
	w.must("POST "+node+"/status/start", "")
	if got := w.statuses("vm")["101"]; got != "stopped" {
		t.Errorf("a late list knows that it runs: %s", got)
	}
	w.step(5 * time.Second)
	if got := w.statuses("vm")["101"]; got != "running" {
		t.Errorf("got %s", got)
	}
	w.must("POST "+node+"/status/stop", "")
	w.must("DELETE "+node, "")
	if _, there := w.statuses("vm")["101"]; !there {
		t.Error("a late list knows that it is gone")
	}
	w.step(5 * time.Second)
	if got := slices.Sorted(maps.Keys(w.statuses("vm"))); !slices.Equal(got, []string{"9000"}) {
		t.Errorf("got %v", got)
	}
	if status := w.must(clone, "newid=102&full=1"); status.Data == nil {
		t.Error("no task")
	}
}

// SIM-088: rules of a firewall are put before the others, and are off unless said to be on;
// one is deleted by its place only while the rules are those of the digest.
func TestFirewall(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1")
	for _, group := range []string{"one", "two"} {
		w.must("POST "+node+"/firewall/rules", "type=group&iface=net0&pos=5&action="+group)
	}
	w.must("PUT "+node+"/firewall/rules/1", "enable=1")
	w.must("PUT "+node+"/firewall/options", "enable=1&policy_in=DROP")
	m, _ := w.machine(101)
	if len(m.Rules) != 2 || m.Rules[0]["action"] != "two" || m.Rules[0]["enable"] != "0" || m.Rules[1]["enable"] != "1" || m.Firewall["policy_in"] != "DROP" {
		t.Errorf("got %+v", m)
	}
	w.must("PUT "+node+"/firewall/rules/0", "moveto=2")
	if m, _ = w.machine(101); m.Rules[0]["action"] != "one" || m.Rules[1]["action"] != "two" {
		t.Errorf("got %v", m.Rules)
	}
	w.must("POST "+node+"/clone", "newid=102&full=1")
	if m, _ = w.machine(102); len(m.Rules) != 2 || m.Firewall["enable"] != "1" {
		t.Errorf("a clone has another firewall: %+v", m)
	}
	digest := w.must("GET "+node+"/firewall/rules", "").list()[0].(map[string]any)["digest"].(string)
	w.must("PUT "+node+"/firewall/rules/1", "enable=1")
	if got := w.call("DELETE "+node+"/firewall/rules/0", "digest="+digest); !strings.Contains(got.Status, "detected modified configuration") {
		t.Errorf("the rules have changed: %+v", got)
	}
	w.must("DELETE "+node+"/firewall/rules/0", "digest="+w.must("GET "+node+"/firewall/rules", "").list()[0].(map[string]any)["digest"].(string))
	if got := w.must("GET "+node+"/firewall/rules", "").list(); len(got) != 1 || got[0].(map[string]any)["action"] != "two" || got[0].(map[string]any)["pos"] != 0.0 {
		t.Errorf("got %v", got)
	}
}

// SIM-089: pools with levels are asked for by parameter, as their names have slashes.
func TestPools(t *testing.T) {
	w := start(t, func(o *proxmox.Options) { o.Setup.Regions[0].Pools = []string{"a", "a/b"} })
	w.must(clone, "newid=101&full=1&pool=a")
	w.must("PUT /pools", "poolid=a/b&vms=101&allow-move=1")
	if m, _ := w.machine(101); m.Pool != "a/b" {
		t.Errorf("got %s", m.Pool)
	}
	got := w.must("GET /pools", "poolid=a/b").list()
	if members, _ := got[0].(map[string]any)["members"].([]any); len(members) != 1 {
		t.Errorf("got %v", got)
	}
	if status, _ := w.try("PUT /pools", "poolid=a&vms=101"); !strings.Contains(status, "belongs already to pool 'a/b'") {
		t.Errorf("got %s", status)
	}
	w.must("PUT /pools", "poolid=a/b&vms=101&delete=1")
	if m, _ := w.machine(101); m.Pool != "" {
		t.Errorf("got %s", m.Pool)
	}
}

// SIM-027: the same setup, seed, clock and calls give the same state.
func TestRepeatable(t *testing.T) {
	play := func() string {
		w := start(t, nil)
		w.must(clone, "newid=101&full=1")
		w.must("POST "+node+"/config", "net1=virtio,bridge=vmbr0")
		m, _ := w.machine(101)
		return fmt.Sprint(m, w.volumes(""))
	}
	if one, other := play(), play(); one != other {
		t.Errorf("%s\nand\n%s", one, other)
	}
}
