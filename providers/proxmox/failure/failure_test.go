// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/failure"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// answered is an answer of the API, failed a task.
func answered(status int, text string) error {
	return &pve.Error{Call: "POST /x", Status: status, Message: text}
}

func failed(text string) error { return &pve.TaskError{Task: "UPID:a", Exit: text} }

// PVE-066: each row, by what really says it.
func TestRows(t *testing.T) {
	table, err := failure.New()
	if err != nil {
		t.Fatal(err)
	}
	coverage := errortable.NewCoverage(table)
	one := health.Scope{InstanceType: "c1.2VCPU-4GB", Zone: "r1/pve1"}
	all := health.Scope{Zone: "r1/pve1"}
	disks := health.Scope{Zone: "r1/pve1", Place: "lvm"}
	attempt := failure.Attempt(instancetype.BuiltIn()[4], instancetype.Zone{Region: "r1", Host: "pve1"}, "lvm")
	for _, row := range []struct {
		err    error
		row    string
		class  cloudprovider.ErrorClass
		marks  health.Scope
		reason string
	}{
		{&capacity.NoRoomError{What: "CPUs", Requested: 4, Available: 1}, "no-room", cloudprovider.ClassInsufficientCapacity, one, "InsufficientHostCapacity"},
		{failed("start failed: cannot set up guest memory 'pc.ram': Cannot allocate memory"), "no-memory", cloudprovider.ClassInsufficientCapacity, one, "InsufficientHostCapacity"},
		{fmt.Errorf("10.1.0.0/30: %w", network.ErrFull), "no-address", cloudprovider.ClassInsufficientCapacity, all, "NoFreeAddress"},
		{launch.ErrNoID, "no-id", cloudprovider.ClassInsufficientCapacity, one, "NoFreeID"},
		{failed("clone failed: no space left on device"), "storage-full", cloudprovider.ClassInsufficientCapacity, disks, "StorageFull"},
		{failed("lvcreate error: Volume group has insufficient free space"), "storage-full-lvm", cloudprovider.ClassInsufficientCapacity, disks, "StorageFull"},
		{failed("zfs error: cannot create: out of space"), "storage-full-zfs", cloudprovider.ClassInsufficientCapacity, disks, "StorageFull"},
		{answered(500, "storage 'lvm' is not available on node 'pve1'"), "storage-elsewhere", cloudprovider.ClassInsufficientCapacity, disks, "StorageUnavailable"},
		{answered(500, "storage 'lvm' is disabled"), "storage-disabled", cloudprovider.ClassInsufficientCapacity, disks, "StorageUnavailable"},
		{answered(500, "storage 'lvm' does not exist"), "storage-missing", cloudprovider.ClassInsufficientCapacity, disks, "StorageUnavailable"},
		{errors.New("host pve1 has no storage with content iso"), "no-media", cloudprovider.ClassInsufficientCapacity, all, "StorageUnavailable"},
		{launch.ErrNoTemplate, "template-unknown", cloudprovider.ClassInsufficientCapacity, one, "TemplateMissing"},
		{answered(500, "Configuration file 'nodes/pve1/qemu-server/9000.conf' does not exist"), "template-missing", cloudprovider.ClassInsufficientCapacity, one, "TemplateMissing"},
		{answered(500, "can't clone VM to node 'pve2' (VM uses local storage)"), "template-elsewhere", cloudprovider.ClassInsufficientCapacity, one, "TemplateMissing"},
		{answered(401, "invalid token value!"), "unauthorized", cloudprovider.ClassCreateError, health.Scope{}, "ProxmoxUnauthorized"},
		{answered(403, "Permission check failed (/vms/100, VM.Clone)"), "forbidden", cloudprovider.ClassCreateError, health.Scope{}, "ProxmoxUnauthorized"},
		{answered(400, "Parameter verification failed. pool: pool 'p' does not exist"), "no-pool", cloudprovider.ClassCreateError, health.Scope{}, "ResourcePoolNotFound"},
		{errors.New(`there is no security group "web"`), "no-group", cloudprovider.ClassCreateError, health.Scope{}, "SecurityGroupNotFound"},
		{machineconfig.ErrNoBootDisk, "no-boot-disk", cloudprovider.ClassCreateError, health.Scope{}, "TemplateInvalid"},
		{network.ErrNoDevice, "no-device", cloudprovider.ClassCreateError, health.Scope{}, "TemplateInvalid"},
		{failed("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"), "busy", cloudprovider.ClassOther, health.Scope{}, ""},
		{&url.Error{Op: "Post", URL: "https://a", Err: errors.New("connection refused")}, "no-answer", cloudprovider.ClassOther, health.Scope{}, ""},
		{pve.ErrTaskTimeout, "no-answer", cloudprovider.ClassOther, health.Scope{}, ""},
		{answered(400, "Parameter verification failed. cores: type check"), "parameter", cloudprovider.ClassCreateError, health.Scope{}, "InvalidParameter"},
		{answered(596, "Connection timed out"), "server", cloudprovider.ClassOther, health.Scope{}, ""},
		{answered(500, "something else"), "server", cloudprovider.ClassOther, health.Scope{}, ""},
	} {
		t.Run(row.err.Error(), func(t *testing.T) {
			v := coverage.Classify(failure.Of(fmt.Errorf("launching machine 20000 on host pve1: %w", row.err)), attempt)
			if v.Row != row.row || cloudprovider.ClassOf(v.Err) != row.class || row.reason != "" && v.Reason != row.reason {
				t.Errorf("got %+v", v)
			}
			switch {
			case row.marks == health.Scope{} && len(v.Marks) > 0, row.marks != health.Scope{} && (len(v.Marks) != 1 || v.Marks[0].Scope != row.marks):
				t.Errorf("marks %+v, want %+v", v.Marks, row.marks)
			}
		})
	}
	if missed := coverage.Missed(); len(missed) > 0 {
		t.Errorf("no error reaches %v", missed)
	}
	if v := table.Classify(failure.Of(errors.New("a bug of ours")), attempt); cloudprovider.ClassOf(v.Err) != cloudprovider.ClassOther || len(v.Marks) > 0 {
		t.Errorf("got %+v", v)
	}
}
