// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/proxmox"
)

const (
	template = "/nodes/pve1/qemu/9000"
	clone    = "POST " + template + "/clone"
	node     = "/nodes/pve1/qemu/101"
)

// SIM-083, SIM-084: a machine from its clone to its end.
func TestLife(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&name=n1&full=1&storage=local-lvm&pool=karpenter&description=mine")
	m, ok := w.machine(101)
	if !ok || m.Host != "pve1" || m.Running || m.Lock != "" || m.Pool != "karpenter" || m.Options["name"] != "n1" || m.Options["description"] != "mine" {
		t.Fatalf("got %+v", m)
	}
	source, _ := w.machine(9000)
	for _, own := range []string{"net0", "smbios1", "vmgenid", "scsi0"} {
		if m.Options[own] == source.Options[own] {
			t.Errorf("%s is that of the template: %s", own, m.Options[own])
		}
	}
	for _, kept := range []string{"cpu", "boot", "ipconfig0", "scsihw"} {
		if m.Options[kept] != source.Options[kept] {
			t.Errorf("%s is %s, not the template's", kept, m.Options[kept])
		}
	}
	if got := m.Options["scsi0"]; got != "local-lvm:vm-101-disk-0,iothread=1,size=3G" {
		t.Errorf("scsi0 is %s", got)
	}
	w.must("PUT "+node+"/resize", "disk=scsi0&size=30G")
	w.must("POST "+node+"/config", "cores=4&memory=8192&tags=b;a;b&net0=virtio,bridge=vmbr0,queues=4")
	w.must("POST "+node+"/status/start", "")
	if m, _ = w.machine(101); !m.Running || m.Options["tags"] != "b;a" || !strings.HasSuffix(m.Options["scsi0"], "size=30G") ||
		!strings.HasPrefix(m.Options["net0"], "virtio=BC:24:11:") || !strings.HasSuffix(m.Options["net0"], ",bridge=vmbr0,queues=4") {
		t.Errorf("got %+v", m)
	}
	config := w.must("GET "+node+"/config", "").object()
	if config["cores"] != 4.0 || config["memory"] != "8192" || config["digest"] == "" {
		t.Errorf("got %v", config)
	}
	if status, _ := w.try("DELETE "+node, ""); status != "500 VM 101 is running - destroy failed" {
		t.Errorf("a running machine: %s", status)
	}
	w.must("POST "+node+"/status/stop", "")
	w.must("DELETE "+node, "purge=1")
	if _, ok := w.machine(101); ok || len(w.volumes("vm-101")) > 0 {
		t.Errorf("something is left: %v", w.volumes("vm-101"))
	}
	if status, _ := w.try("GET "+node+"/config", ""); !strings.HasPrefix(status, "500 Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist") {
		t.Errorf("a machine that is gone: %s", status)
	}
}

// SIM-083: work takes time, and what it works on is locked meanwhile.
func TestTasks(t *testing.T) {
	w := start(t, nil)
	upid, _ := w.call(clone, "newid=101&full=1").Data.(string)
	if parts := strings.Split(upid, ":"); len(parts) != 9 || parts[1] != "pve1" || parts[5] != "qmclone" || parts[7] != "root@pam!test" {
		t.Fatalf("got %q", upid)
	}
	status := w.call("GET /nodes/pve1/tasks/"+upid+"/status", "").object()
	if m, ok := w.machine(101); !ok || m.Lock != "clone" || len(m.Options) > 0 || status["status"] != "running" || status["exitstatus"] != nil {
		t.Errorf("got %+v, %v", m, status)
	}
	for _, call := range []string{"POST " + node + "/config", "DELETE " + node} {
		if status, _ := w.try(call, ""); status != "500 VM is locked (clone)" {
			t.Errorf("%s of a clone that is not there yet: %s", call, status)
		}
	}
	if got := w.wait(upid); got != "OK" {
		t.Errorf("the clone ends with %s", got)
	}
	// Two tasks for one machine follow one another, within the time that a lock is waited for.
	first, second := w.call("POST "+node+"/status/start", ""), w.call("POST "+node+"/status/start", "")
	if one, other := w.wait(first.Data.(string)), w.wait(second.Data.(string)); one != "OK" || other != "VM 101 already running" {
		t.Errorf("got %s and %s", one, other)
	}
	upid, _ = w.call(clone, "newid=102&full=1").Data.(string)
	w.call("DELETE /nodes/pve1/tasks/"+upid, "")
	if got := w.wait(upid); got != "received interrupt" {
		t.Errorf("a task that was stopped ends with %s", got)
	}
	if _, there := w.machine(102); there {
		t.Error("a clone that was stopped is there")
	}
	if status := w.call("GET /nodes/pve1/tasks/UPID:pve1:0:0:0:x::u:/status", ""); status.Status != "500 no such task" {
		t.Errorf("got %s", status.Status)
	}
}

// SIM-083: a lock is not waited for without end.
func TestLockTimeout(t *testing.T) {
	w := start(t, func(o *proxmox.Options) { o.Times = map[string]time.Duration{"qmstop": 30 * time.Second} })
	w.must(clone, "newid=101&full=1")
	first := w.call("POST "+node+"/status/stop", "")
	second := w.call("DELETE "+node, "")
	if got := w.wait(second.Data.(string)); got != "can't lock file '/var/lock/qemu-server/lock-101.conf' - got timeout" {
		t.Errorf("got %s", got)
	}
	if got := w.wait(first.Data.(string)); got != "OK" {
		t.Errorf("got %s", got)
	}
}

// SIM-084: what is refused, and in which words.
func TestRefusals(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1")
	w.must(clone, "newid=102&full=1&storage=local-lvm&pool=karpenter")
	for _, row := range []struct{ reason, call, parameters, want string }{
		{"an ID that is taken", clone, "newid=101&full=1", "500 unable to create VM 101 - VM 101 already exists on node 'pve1'"},
		{"an ID that is asked for", "GET /cluster/nextid", "vmid=101", "400 Parameter verification failed."},
		{"a pool that there is not", clone, "newid=103&full=1&pool=other", "400 Parameter verification failed."},
		{"a linked clone elsewhere", clone, "newid=103&storage=local-lvm", "400 Parameter verification failed."},
		{"a storage that there is not", clone, "newid=103&full=1&storage=other", "500 storage 'other' does not exist"},
		{"a storage for other things", clone, "newid=103&full=1&storage=local", "500 storage 'local' does not support content-type 'images'"},
		{"a target that there is not", clone, "newid=103&full=1&target=other", "500 no such cluster node 'other'"},
		{"a target that lacks the disks", "POST /nodes/pve1/qemu/102/clone", "newid=103&full=1&target=pve2", "500 can't clone VM to node 'pve2' (VM uses local storage)"},
		{"a host that there is not", "GET /nodes/other/status", "", "500 hostname lookup 'other' failed - failed to get address info for: other: Name or service not known"},
		{"a machine on another host", "GET /nodes/pve2/qemu/101/config", "", "500 Configuration file 'nodes/pve2/qemu-server/101.conf' does not exist"},
		{"starting a template", "POST " + template + "/status/start", "", "500 you can't start a vm if it's a template"},
		{"shrinking", "PUT " + node + "/resize", "disk=scsi0&size=1G", "500 shrinking disks is not supported"},
		{"a disk that there is not", "PUT " + node + "/resize", "disk=scsi1&size=9G", "400 Parameter verification failed."},
		{"a medium that there is not", "POST " + node + "/config", "ide2=local:iso/x.iso,media=cdrom", "500 volume 'local:iso/x.iso' does not exist"},
		{"a volume of another machine", "POST " + node + "/config", "scsi1=local-lvm:vm-102-disk-0", "500 volume 'local-lvm:vm-102-disk-0' is owned by VM 102"},
		{"a configuration that changed", "POST " + node + "/config", "cores=2&digest=0", "500 detected modified configuration - file changed by other user? Try again."},
		{"an option that is set and deleted", "POST " + node + "/config", "cores=2&delete=cores", "400 Parameter verification failed."},
		{"cloud-init without a drive", "PUT " + node + "/cloudinit", "", "500 no cloud-init drive found"},
		{"a member of a pool twice", "PUT /pools", "poolid=karpenter&vms=102", "500 VM 102 is already a pool member"},
		{"leaving another pool", "PUT /pools", "poolid=karpenter&vms=101&delete=1", "500 VM 101 is not a pool member"},
		{"an unknown parameter", "GET /cluster/nextid", "id=1", "400 Parameter verification failed."},
		{"a call that there is not", "GET /nothing", "", "501 Method 'GET /nothing' not implemented"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if status, out := w.try(row.call, row.parameters); status != row.want {
				t.Errorf("got %s (%v), want %s", status, out.Errors, row.want)
			}
		})
	}
}

// SIM-084: what shows only when a machine starts.
func TestStartFailures(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1")
	for parameters, want := range map[string]string{
		"net0=virtio,bridge=vmbr9":             "bridge 'vmbr9' does not exist",
		"memory=200000":                        "Cannot allocate memory",
		"memory=1024&net0=virtio,bridge=vmbr0": "OK",
	} {
		w.must("POST "+node+"/config", "net0=virtio,bridge=vmbr0&memory=1024")
		w.must("POST "+node+"/config", parameters)
		if status, _ := w.try("POST "+node+"/status/start", ""); !strings.Contains(status, want) {
			t.Errorf("%s: %s, want %s", parameters, status, want)
		}
		w.must("POST "+node+"/status/stop", "")
	}
}

// SIM-084: templates are made of downloaded images.
func TestTemplate(t *testing.T) {
	w := start(t, nil)
	w.must("POST /nodes/pve1/storage/local/download-url", "content=import&filename=node.qcow2&url=https://images.example.com/node.qcow2")
	w.must("POST /nodes/pve1/qemu", "vmid=1000&name=t&scsi0=local-lvm:0,import-from=local:import/node.qcow2,iothread=1&net0=virtio,bridge=vmbr0&efidisk0=local-lvm:0,efitype=4m")
	w.must("POST /nodes/pve1/qemu/1000/template", "")
	m, _ := w.machine(1000)
	if !m.Template || m.Options["scsi0"] != "local-lvm:base-1000-disk-1,iothread=1,size=3G" || m.Options["efidisk0"] != "local-lvm:base-1000-disk-0,efitype=4m,size=4M" {
		t.Errorf("got %+v", m)
	}
	if got := w.volumes("base-1000"); !slices.Equal(got, []string{"local-lvm:base-1000-disk-0@pve1", "local-lvm:base-1000-disk-1@pve1"}) {
		t.Errorf("got %v", got)
	}
	for parameters, want := range map[string]string{
		"content=import&filename=node.qcow2&url=https://images.example.com/node.qcow2":                                 "500 refusing to override existing file 'node.qcow2'",
		"content=import&filename=other.qcow2&url=https://images.example.com/other.qcow2":                               "download failed: 404 Not Found",
		"content=import&filename=n.qcow2&url=https://images.example.com/node.qcow2&checksum-algorithm=md5&checksum=00": "checksum mismatch: got '' != expect '00'",
		"content=iso&filename=n.qcow2&url=https://images.example.com/node.qcow2":                                       "400 Parameter verification failed.",
	} {
		if status, _ := w.try("POST /nodes/pve1/storage/local/download-url", parameters); status != want {
			t.Errorf("%s: %s, want %s", parameters, status, want)
		}
	}
}

// SIM-084: media are uploaded, attached, and outlive their machine.
func TestUpload(t *testing.T) {
	w := start(t, nil)
	w.must(clone, "newid=101&full=1")
	out := w.upload("/nodes/pve1/storage/local/upload", [][2]string{{"content", "iso"}}, "user-data-101.iso", []byte("medium"))
	if upid, ok := out.Data.(string); !ok || w.wait(upid) != "OK" {
		t.Fatalf("got %+v", out)
	}
	w.must("POST "+node+"/config", "ide2=local:iso/user-data-101.iso,media=cdrom")
	w.must("DELETE "+node, "")
	if content, err := w.cloud.File(region, "pve1", "local:iso/user-data-101.iso"); err != nil || string(content) != "medium" {
		t.Errorf("got %q, %v", content, err)
	}
	w.must("DELETE /nodes/pve1/storage/local/content/local:iso/user-data-101.iso", "")
	if got := w.volumes("user-data"); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	if status, _ := w.try("DELETE /nodes/pve1/storage/local/content/local:iso/user-data-101.iso", ""); status != "volume 'local:iso/user-data-101.iso' does not exist" {
		t.Errorf("got %s", status)
	}
}
