// SPDX-License-Identifier: Apache-2.0

package making_test

import (
	"reflect"
	"testing"

	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// PVE-024: which storages a template is on, and which hosts can have it.
func TestLay(t *testing.T) {
	on := func(name, host, content string, shared int) pve.Storage {
		return pve.Storage{Name: name, Host: host, Content: content, Shared: shared, Status: "available"}
	}
	hosts := []pve.Host{{Name: "b", Status: "online"}, {Name: "a", Status: "online"}, {Name: "c", Status: "offline"}, {Name: "d", Status: "online", HAState: "maintenance"}}
	var storages []pve.Storage
	for _, host := range []string{"a", "b", "c", "d"} {
		storages = append(storages, on("dir", host, "iso,import", 0), on("lvm", host, "images", 0), on("nfs", host, "images,import", 1))
	}
	away := on("ssd", "b", "images", 0)
	away.Status = "unknown"
	storages = append(storages, on("ssd", "a", "images", 0), away)
	for _, row := range []struct {
		reason string
		ids    []string
		want   making.Layout
	}{
		{"one for images, one for disks", []string{"dir", "lvm"}, making.Layout{Image: "dir", Disk: "lvm", Hosts: []string{"a", "b"}}},
		{"one for both", []string{"none", "nfs"}, making.Layout{Image: "nfs", Disk: "nfs", ImageShared: true, DiskShared: true, Hosts: []string{"a", "b"}}},
		{"the first of the list", []string{"lvm", "nfs", "dir"}, making.Layout{Image: "nfs", Disk: "lvm", ImageShared: true, Hosts: []string{"a", "b"}}},
		{"not every host has it", []string{"dir", "ssd"}, making.Layout{Image: "dir", Disk: "ssd", Hosts: []string{"a"}}},
		{"none for images", []string{"lvm"}, making.Layout{}},
		{"none for disks", []string{"dir"}, making.Layout{}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if got := making.Lay(hosts, storages, row.ids); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

// PVE-024, PVE-025, PVE-027: what is made and removed.
func TestPlan(t *testing.T) {
	local, shared := making.Layout{Hosts: []string{"a", "b"}}, making.Layout{Hosts: []string{"a", "b"}, DiskShared: true}
	found := func(id int, host string, verdict template.Verdict) making.Found {
		return making.Found{Machine: pve.Machine{ID: id, Host: host}, Verdict: verdict}
	}
	for _, row := range []struct {
		reason string
		layout making.Layout
		found  []making.Found
		want   making.Plan
	}{
		{"one on each host", local, nil, making.Plan{Make: []string{"a", "b"}}},
		{"one for all", shared, nil, making.Plan{Make: []string{"a"}}},
		{"they are there", local, []making.Found{found(1, "a", template.Current), found(2, "b", template.Current)}, making.Plan{}},
		{"it is there", shared, []making.Found{found(1, "b", template.Current)}, making.Plan{}},
		{"it is on a host that cannot be used", shared, []making.Found{found(1, "c", template.Current)}, making.Plan{Make: []string{"a"}}},
		{"outdated ones stay until their successors are there", local, []making.Found{found(1, "a", template.Outdated), found(2, "b", template.Current)}, making.Plan{Make: []string{"a"}}},
		{
			"then they go", local,
			[]making.Found{found(1, "a", template.Outdated), found(2, "b", template.Current), found(3, "a", template.Current), found(4, "c", template.Outdated)},
			making.Plan{Remove: []pve.Place{{Host: "a", ID: 1}, {Host: "c", ID: 4}}},
		},
		{"one too many", shared, []making.Found{found(1, "b", template.Current), found(2, "a", template.Current)}, making.Plan{Remove: []pve.Place{{Host: "a", ID: 2}}}},
		{"somebody else has the name", local, []making.Found{found(1, "b", template.Foreign), found(2, "a", template.Outdated)}, making.Plan{Conflict: 1}},
		{"somebody else has the name, and nothing is to be made", shared, []making.Found{found(1, "b", template.Foreign), found(2, "a", template.Current)}, making.Plan{}},
		{"no host can be used", making.Layout{}, []making.Found{found(1, "a", template.Outdated)}, making.Plan{}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if got := row.layout.Plan(row.found); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
