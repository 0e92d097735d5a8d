// SPDX-License-Identifier: Apache-2.0

// Package firewall says what becomes of a machine's firewall when it is put into security
// groups, or out of them (PVE-087, PVE-088).
//
// It calls nobody. Rules that stand for no group are somebody else's and stay.
//
// Start reading at [Plan].
package firewall

import (
	"cmp"
	"slices"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/pve"
)

// Group is a security group on a network device; empty: the first one.
type Group struct{ Name, Interface string }

// Of are the groups that a NodeClass names.
func Of(named []v1alpha1.SecurityGroup) []Group {
	out := make([]Group, len(named))
	for i, g := range named {
		out[i] = Group{Name: g.Name, Interface: g.Interface}
	}
	return out
}

// groupRule is the type of rules that stand for a group.
const groupRule = "group"

func (g Group) rule() pve.Rule {
	return pve.Rule{Type: groupRule, Action: g.Name, Interface: cmp.Or(g.Interface, v1alpha1.DefaultInterface), Enabled: 1}
}

// Change is what is done to rules next, in the order of the calls. Rules that are added go
// before all others, so that every place is another one then: the rules are read and planned
// for again before any is deleted.
type Change struct {
	Add    []pve.Rule
	Delete []pve.Rule
}

// Plan brings rules to the groups, in their order. Rules of groups are rewritten as a list
// where they differ; new ones come first, so that the machine is never in none. If all that
// is wanted is there, it says which rules are too many, those furthest back first.
func Plan(current []pve.Rule, groups []Group) Change {
	wanted := make([]pve.Rule, len(groups))
	for i, g := range groups {
		wanted[i] = g.rule()
	}
	var surplus []pve.Rule
	met := 0
	for _, r := range current {
		switch {
		case r.Type != groupRule:
		case met < len(wanted) && same(r, wanted[met]):
			met++
		default:
			surplus = append(surplus, r)
		}
	}
	if met < len(wanted) {
		slices.Reverse(wanted)
		return Change{Add: wanted}
	}
	slices.Reverse(surplus)
	return Change{Delete: surplus}
}

// same reports whether rules say the same, wherever they are.
func same(a, b pve.Rule) bool {
	return a.Type == b.Type && a.Action == b.Action && a.Interface == b.Interface && a.Enabled == b.Enabled
}

// On are the options to set so that the firewall is on and drops what no rule lets in. What
// is set otherwise is kept (PVE-087). None: it is so.
func On(current pve.Options) pve.Options {
	set := pve.Options{}
	for name, value := range map[string]string{"enable": "1", "policy_in": "DROP"} {
		if current[name] != value {
			set[name] = value
		}
	}
	for name, value := range map[string]string{"dhcp": "1", "ipfilter": "0", "policy_out": "ACCEPT"} {
		if _, there := current[name]; !there {
			set[name] = value
		}
	}
	return set
}

// Off are the options to set so that the firewall is off. None: it is.
func Off(current pve.Options) pve.Options {
	if current["enable"] != "1" {
		return pve.Options{}
	}
	return pve.Options{"enable": "0"}
}
