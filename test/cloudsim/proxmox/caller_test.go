// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/proxmox"
)

// needed is what a provider needs on "/" to clone, configure, start and delete.
func needed() []string {
	return []string{
		"Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit", "Sys.Audit", "SDN.Use",
		"VM.Audit", "VM.Allocate", "VM.Clone", "VM.PowerMgmt", "VM.Config.CDROM", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Disk",
		"VM.Config.Network", "VM.Config.HWType", "VM.Config.Options", "VM.Config.Cloudinit",
	}
}

// as lets a token call that has grants, of a user that has all that is needed.
func as(grants ...proxmox.Grant) func(*proxmox.Options) {
	return func(o *proxmox.Options) {
		r := &o.Setup.Regions[0]
		r.Users = append(r.Users, proxmox.User{
			Name: "karpenter@pve", Password: "pw",
			Grants: []proxmox.Grant{{Path: "/", Privileges: append(needed(), "Sys.AccessNetwork", "Sys.Modify", "Pool.Allocate")}},
			Tokens: []proxmox.Token{{ID: "k", Secret: "s", Separate: true, Grants: grants}},
		})
	}
}

// SIM-082: each privilege is asked about somewhere, and lacking it is told by name.
func TestPrivileges(t *testing.T) {
	calls := [][2]string{
		{clone, "newid=101&full=1&storage=local-lvm"},
		{"PUT " + node + "/resize", "disk=scsi0&size=4G"},
		{"POST " + node + "/config", "cores=2"},
		{"POST " + node + "/config", "memory=2048"},
		{"POST " + node + "/config", "tags=a"},
		{"POST " + node + "/config", "smbios1=sku=a"},
		{"POST " + node + "/config", "ide2=none,media=cdrom"},
		{"POST " + node + "/config", "ipconfig0=ip=dhcp"},
		{"POST " + node + "/config", "net0=virtio,bridge=vmbr0"},
		{"GET " + node + "/config", ""},
		{"POST " + node + "/status/start", ""},
		{"POST " + node + "/status/stop", ""},
		{"GET /nodes/pve1/status", ""},
		{"POST /nodes/pve1/storage/local/download-url", "content=import&filename=n.qcow2&url=https://images.example.com/node.qcow2"},
		{"GET /nodes/pve1/storage/local/content", ""},
		{"DELETE /nodes/pve1/storage/local/content/local:import/n.qcow2", ""},
		{"DELETE " + node, ""},
	}
	for _, lacking := range append(needed(), "") {
		var held []string
		for _, privilege := range needed() {
			if privilege != lacking {
				held = append(held, privilege)
			}
		}
		// Reads of storages, and downloads, have two privileges that suffice.
		held = append(held, map[bool]string{true: "Sys.AccessNetwork", false: "Sys.Modify"}[lacking == "Sys.Audit"])
		w := start(t, as(proxmox.Grant{Path: "/", Privileges: held}))
		w.token = "karpenter@pve!k=s"
		var refused []string
		for _, call := range calls {
			status, _ := w.try(call[0], call[1])
			if strings.HasPrefix(status, "403") {
				refused = append(refused, status)
			}
		}
		switch {
		case lacking == "" && len(refused) > 0, lacking == "Datastore.Audit" && len(refused) > 0:
			t.Errorf("with %v: %v", held, refused)
		case lacking == "" || lacking == "Datastore.Audit":
		case len(refused) == 0 || !strings.Contains(strings.Join(refused, " "), lacking):
			t.Errorf("without %s: %v", lacking, refused)
		}
	}
}

// SIM-082: a grant on a longer path takes the place of those above, and pools give theirs
// to their members.
func TestGrants(t *testing.T) {
	everything := proxmox.Grant{Path: "/", Privileges: append(needed(), "Pool.Allocate")}
	w := start(t, as(everything, proxmox.Grant{Path: "/vms/101", Privileges: []string{"VM.PowerMgmt"}}))
	w.must(clone, "newid=101&full=1")
	w.token = "karpenter@pve!k=s"
	if status := w.call("GET "+node+"/config", ""); status.Status != "403 Permission check failed (/vms/101, VM.Audit)" {
		t.Errorf("got %s", status.Status)
	}
	if _, listed := w.statuses("vm")["101"]; listed {
		t.Error("what may not be seen is listed")
	}
	w = start(t, as(
		proxmox.Grant{Path: "/pool/karpenter", Privileges: []string{"VM.Allocate", "VM.Audit"}},
		proxmox.Grant{Path: "/vms/9000", Privileges: []string{"VM.Clone"}},
		proxmox.Grant{Path: "/storage", Privileges: []string{"Datastore.AllocateSpace"}},
		proxmox.Grant{Path: "/sdn/zones", Privileges: []string{"SDN.Use"}},
	))
	w.token = "karpenter@pve!k=s"
	if status, _ := w.try(clone, "newid=101&full=1"); !strings.HasPrefix(status, "403") {
		t.Errorf("without pool: %s", status)
	}
	w.must(clone, "newid=101&full=1&pool=karpenter")
	if status := w.call("GET "+node+"/config", ""); !strings.HasPrefix(status.Status, "200") {
		t.Errorf("a member of the pool: %s", status.Status)
	}
}

// SIM-090: who calls is told by token or ticket; some options are only for root itself.
func TestCallers(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1")
	if status, _ := w.try("POST "+node+"/config", "affinity=0-3"); status != "403 only root can set 'affinity' config" {
		t.Errorf("a token of root: %s", status)
	}
	w.token = "root@pam!test=wrong"
	if status := w.call("GET /version", ""); status.Status != "401 invalid token value!" {
		t.Errorf("got %s", status.Status)
	}
	w.token = ""
	if status := w.call("GET /version", ""); status.Status != "401 No ticket" {
		t.Errorf("got %s", status.Status)
	}
	if status := w.call("POST /access/ticket", "username=root@pam&password=other"); status.Status != "401 authentication failure" {
		t.Errorf("got %s", status.Status)
	}
	given := w.call("POST /access/ticket", "username=root@pam&password=secret").object()
	with := func(method, path, body, csrf string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: given["ticket"].(string)})
		request.Header.Set("CSRFPreventionToken", csrf)
		return w.send(request).Status
	}
	csrf := given["CSRFPreventionToken"].(string)
	body, err := json.Marshal(map[string]any{"affinity": "0-3", "cores": 4, "onboot": true})
	if err != nil {
		t.Fatal(err)
	}
	if got := with("POST", node+"/config", string(body), "other"); got != "401 permission denied - invalid csrf token" {
		t.Errorf("got %s", got)
	}
	if got := with("POST", node+"/config", string(body), csrf); !strings.HasPrefix(got, "200") {
		t.Errorf("got %s", got)
	}
	w.step(time.Second)
	if m, _ := w.machine(101); m.Options["affinity"] != "0-3" || m.Options["cores"] != "4" || m.Options["onboot"] != "1" {
		t.Errorf("got %v", m.Options)
	}
	w.step(3 * time.Hour)
	if got := with("GET", "/version", "", csrf); got != "401 permission denied - invalid PVE ticket" {
		t.Errorf("a ticket of three hours ago: %s", got)
	}
}
