// SPDX-License-Identifier: Apache-2.0

package upkeep

import (
	"slices"

	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// Tags is the change that gives a machine the wanted tags and no others, but for the mark
// of a medium that is attached (PVE-089). It is empty if they are so.
func Tags(current string, wanted []string) pve.Change {
	has := pve.Machine{TagList: current}.Tags()
	if slices.Contains(has, launch.MediumTag) {
		wanted = append(slices.Clone(wanted), launch.MediumTag)
	}
	return retagged(has, machineconfig.JoinTags(wanted))
}

// withoutMark is the change that takes the mark of a medium away.
func withoutMark(current string) pve.Change {
	has := pve.Machine{TagList: current}.Tags()
	rest := slices.DeleteFunc(slices.Clone(has), func(tag string) bool { return tag == launch.MediumTag })
	return retagged(has, machineconfig.JoinTags(rest))
}

func retagged(has []string, wanted string) pve.Change {
	switch {
	case machineconfig.JoinTags(has) == wanted:
		return pve.Change{}
	case wanted == "":
		return pve.Change{Delete: []string{"tags"}}
	}
	return pve.Change{Set: pve.Options{"tags": wanted}}
}

// Pools are what is known of a machine's membership.
type Pools struct {
	// Actual is the pool that it is in now, Recorded the one that it was last put into,
	// Wanted the NodeClass's; empty: none.
	Actual, Recorded, Wanted string
}

// Membership says which pool a machine leaves for none, or joins, out of any other; empty:
// none. Somebody else's pool is left alone where none is wanted (PVE-089).
func Membership(p Pools) (leave, join string) {
	switch {
	case p.Wanted == p.Actual:
	case p.Wanted != "":
		join = p.Wanted
	case p.Recorded != "" && p.Actual == p.Recorded:
		leave = p.Actual
	}
	return leave, join
}
