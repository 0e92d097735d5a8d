// SPDX-License-Identifier: Apache-2.0

package permissions

// OwnerWaivers are of rules that no request of Karpenter shows to be needed (OPS-237).
func OwnerWaivers() []Waiver {
	const group = "karpenter.sh"
	const why = "admission asks for it when Karpenter makes an object that blocks the deletion of its owner"
	return []Waiver{
		{Group: group, Resource: "nodepools/finalizers", Verb: "update", Why: why},
		{Group: group, Resource: "nodeclaims/finalizers", Verb: "update", Why: why},
	}
}
