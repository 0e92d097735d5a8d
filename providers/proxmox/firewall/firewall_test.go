// SPDX-License-Identifier: Apache-2.0

package firewall_test

import (
	"fmt"
	"testing"

	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/pve"
)

// PVE-087, PVE-088: rules are compared as a list, and rewritten where they differ.
func TestPlan(t *testing.T) {
	group := func(position int, name, device string) pve.Rule {
		return pve.Rule{Position: position, Type: "group", Action: name, Interface: device, Enabled: 1}
	}
	own := pve.Rule{Position: 1, Type: "in", Action: "ACCEPT", Enabled: 1}
	off := group(0, "a", "net0")
	off.Enabled = 0
	for _, row := range []struct {
		reason  string
		current []pve.Rule
		groups  []firewall.Group
		want    string
	}{
		{"the first groups", nil, []firewall.Group{{Name: "a"}, {Name: "b", Interface: "net1"}}, "add [b@net1 a@net0], delete []"},
		{"it is so", []pve.Rule{group(0, "a", "net0"), own, group(2, "b", "net1")}, []firewall.Group{{Name: "a"}, {Name: "b", Interface: "net1"}}, "add [], delete []"},
		{"another order", []pve.Rule{group(0, "b", "net0"), own, group(2, "a", "net0")}, []firewall.Group{{Name: "a"}, {Name: "b"}}, "add [b@net0 a@net0], delete []"},
		{"what was there before", []pve.Rule{group(0, "a", "net0"), own, group(2, "b", "net0"), group(3, "a", "net0"), off}, []firewall.Group{{Name: "a"}, {Name: "b"}}, "add [], delete [0 3]"},
		{"one that is switched off", []pve.Rule{off}, []firewall.Group{{Name: "a"}}, "add [a@net0], delete []"},
		{"none any more", []pve.Rule{group(0, "a", "net0"), own}, nil, "add [], delete [0]"},
		{"none, and there were none", []pve.Rule{own}, nil, "add [], delete []"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			plan := firewall.Plan(row.current, row.groups)
			add, remove := []string{}, []int{}
			for _, r := range plan.Add {
				add = append(add, r.Action+"@"+r.Interface)
			}
			for _, r := range plan.Delete {
				remove = append(remove, r.Position)
			}
			if got := fmt.Sprintf("add %v, delete %v", add, remove); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// PVE-087, PVE-088: what is set otherwise is kept.
func TestOptions(t *testing.T) {
	for _, row := range []struct {
		reason    string
		got, want any
	}{
		{"a new firewall", firewall.On(nil), pve.Options{"enable": "1", "policy_in": "DROP", "dhcp": "1", "ipfilter": "0", "policy_out": "ACCEPT"}},
		{"somebody's own", firewall.On(pve.Options{"enable": "0", "dhcp": "0", "ipfilter": "1", "policy_out": "DROP", "policy_in": "ACCEPT"}), pve.Options{"enable": "1", "policy_in": "DROP"}},
		{"it is on", firewall.On(pve.Options{"enable": "1", "policy_in": "DROP", "dhcp": "1", "ipfilter": "0", "policy_out": "ACCEPT"}), pve.Options{}},
		{"off", firewall.Off(pve.Options{"enable": "1"}), pve.Options{"enable": "0"}},
		{"it is off", firewall.Off(nil), pve.Options{}},
	} {
		if fmt.Sprint(row.got) != fmt.Sprint(row.want) {
			t.Errorf("%s: got %v, want %v", row.reason, row.got, row.want)
		}
	}
}
