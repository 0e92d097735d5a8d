// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// PVE-017: entries of statuses.
func TestEntry(t *testing.T) {
	e := placement.Entry{Region: "r1", Host: "pve1", Template: 9000}
	if got, err := placement.ParseEntry(e.String()); err != nil || got != e || e.String() != "r1/pve1/9000" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "r1/pve1", "r1/pve1/x", "r1/pve1/0", "/pve1/1", "r1//1", "r1/pve1/1/2"} {
		if got, err := placement.ParseEntry(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	if got := placement.Texts(placement.Entries([]string{"r2/a/1", "bad", "r1/b/2", "r1/a/3"})); fmt.Sprint(got) != "[r1/a/3 r1/b/2 r2/a/1]" {
		t.Errorf("got %v", got)
	}
}

func machine(id int, host, name, tags string) pve.Machine {
	return pve.Machine{ID: id, Host: host, Name: name, Type: "qemu", Template: 1, TagList: tags}
}

// PVE-031: which templates are meant.
func TestMatches(t *testing.T) {
	for _, row := range []struct {
		reason string
		wanted placement.Wanted
		m      pve.Machine
		want   bool
	}{
		{"by name", placement.Wanted{Name: "t"}, machine(1, "a", "t", ""), true},
		{"another name", placement.Wanted{Name: "t"}, machine(1, "a", "u", ""), false},
		{"by all tags", placement.Wanted{Tags: []string{"x", "y"}}, machine(1, "a", "t", "z;y;x"), true},
		{"a tag is missing", placement.Wanted{Tags: []string{"x", "y"}}, machine(1, "a", "t", "x"), false},
		{"by both", placement.Wanted{Name: "t", Tags: []string{"x"}}, machine(1, "a", "t", "x"), true},
		{"by both, and one is missing", placement.Wanted{Name: "t", Tags: []string{"x"}}, machine(1, "a", "t", ""), false},
		{"by nothing", placement.Wanted{}, machine(1, "a", "t", ""), false},
		{"no template", placement.Wanted{Name: "t"}, pve.Machine{ID: 1, Name: "t", Type: "qemu"}, false},
	} {
		if got := row.wanted.Matches(row.m); got != row.want {
			t.Errorf("%s: %t", row.reason, got)
		}
	}
}

// PVE-024, PVE-032, PVE-082, PVE-209: which host clones which template.
func TestFind(t *testing.T) {
	storages := []pve.Storage{
		{Name: "ceph", Host: "a", Status: "available", Shared: 1}, {Name: "ceph", Host: "b", Status: "available", Shared: 1}, {Name: "ceph", Host: "c", Status: "unknown", Shared: 1},
		{Name: "lvm", Host: "a", Status: "available"}, {Name: "lvm", Host: "b", Status: "available"},
	}
	template := func(id int, host, options string) placement.Template {
		out := placement.Template{Machine: machine(id, host, "t", ""), Options: pve.Options{"net0": "virtio=BC:24:11:00:00:01"}}
		for option := range strings.FieldsSeq(options) {
			name, value, _ := strings.Cut(option, "@")
			out.Options[name] = value
		}
		return out
	}
	for _, row := range []struct {
		reason    string
		templates []placement.Template
		want      string
		problems  int
	}{
		{"local storage is for its host", []placement.Template{template(2, "a", "scsi0@lvm:v"), template(3, "b", "scsi0@lvm:v")}, "[r/a/2 r/b/3]", 0},
		{"shared storage is for all hosts that reach it", []placement.Template{template(2, "a", "scsi0@ceph:v")}, "[r/a/2 r/b/2]", 0},
		{"the lowest ID", []placement.Template{template(5, "a", "scsi0@lvm:v"), template(4, "a", "scsi0@lvm:v"), template(9, "b", "scsi0@ceph:v")}, "[r/a/4 r/b/9]", 0},
		{"disks on two storages", []placement.Template{template(2, "a", "scsi0@lvm:v scsi1@ceph:w"), template(3, "a", "scsi0@lvm:v")}, "[r/a/3]", 1},
		{"an address that all would share", []placement.Template{template(2, "a", "scsi0@lvm:v ipconfig0@ip=10.0.0.5/24")}, "[]", 1},
		{"an address that is a pool", []placement.Template{template(2, "a", "scsi0@lvm:v ipconfig0@ip=10.0.0.0/24")}, "[r/a/2]", 0},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, problems := placement.Find("r", row.templates, storages)
			if fmt.Sprint(got) != row.want || len(problems) != row.problems {
				t.Errorf("got %v, %v", got, problems)
			}
		})
	}
}

// PVE-018, PVE-207: which hosts a NodeClass selects.
func TestSelect(t *testing.T) {
	entries := placement.Entries([]string{"r2/a/1", "r1/b/2", "r1/a/2"})
	storages := map[string][]pve.Storage{"r1": {
		{Name: "lvm", Host: "a", Status: "available", Content: "images,rootdir"}, {Name: "lvm", Host: "b", Status: "unknown", Content: "images"},
		{Name: "local", Host: "a", Status: "available", Content: "iso"},
	}}
	for _, row := range []struct {
		reason string
		rule   placement.Rule
		want   string
	}{
		{"all", placement.Rule{}, "[r1/a/2 r1/b/2 r2/a/1]"},
		{"one region", placement.Rule{Region: "r1"}, "[r1/a/2 r1/b/2]"},
		{"where the storage is available", placement.Rule{Storage: "lvm"}, "[r1/a/2]"},
		{"a storage for other things", placement.Rule{Storage: "local"}, "[]"},
	} {
		if got := placement.Select(entries, row.rule, storages); fmt.Sprint(got) != row.want {
			t.Errorf("%s: %v, want %s", row.reason, got, row.want)
		}
	}
}

// PVE-062: the order in which hosts are tried.
func TestOrder(t *testing.T) {
	entries := placement.Entries([]string{"r2/a/1", "r1/d/2", "r1/c/2", "r1/b/2", "r1/a/2"})
	load := map[placement.Entry]placement.Load{
		entries[1]: {Machines: 1}, entries[2]: {CPU: 50}, entries[3]: {CPU: 10}, entries[4]: {CPU: 50},
	}
	if got := placement.Order(entries, load, nil); fmt.Sprint(got) != "[r1/b/2 r1/a/2 r1/c/2 r1/d/2 r2/a/1]" {
		t.Errorf("got %v", got)
	}
	reversed := func(n int) []int {
		out := make([]int, n)
		for i := range out {
			out[i] = n - 1 - i
		}
		return out
	}
	if got := placement.Order(entries, load, reversed); fmt.Sprint(got) != "[r1/d/2 r1/c/2 r1/b/2 r1/a/2 r2/a/1]" {
		t.Errorf("got %v", got)
	}
	if fmt.Sprint(entries) != "[r2/a/1 r1/d/2 r1/c/2 r1/b/2 r1/a/2]" {
		t.Errorf("the caller's list was changed: %v", entries)
	}
}
