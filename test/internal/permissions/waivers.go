// SPDX-License-Identifier: Apache-2.0

package permissions

import "slices"

// Waivers are those of the core's rules (OPS-237).
func Waivers() []Waiver {
	const karpenter, apps = "karpenter.sh", "apps"
	const owners = "admission asks for it when Karpenter makes an object that blocks the deletion of its owner"
	const spread = "read with default spread constraints only, which the suites do not configure"
	return []Waiver{
		{karpenter, "nodepools/finalizers", "update", owners},
		{karpenter, "nodeclaims/finalizers", "update", owners},
		{"", "replicationcontrollers", read, spread},
		{"", "services", read, spread},
		{apps, "replicasets", read, spread},
		{apps, "statefulsets", read, spread},
	}
}

// Without returns the waivers but those of a resource, for a suite that needs it.
func Without(waivers []Waiver, group, resource string) []Waiver {
	return slices.DeleteFunc(slices.Clone(waivers), func(w Waiver) bool { return w.Group == group && w.Resource == resource })
}
