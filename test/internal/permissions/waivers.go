// SPDX-License-Identifier: Apache-2.0

package permissions

const (
	karpenterGroup = "karpenter.sh"
	appsGroup      = "apps"
)

// OwnerWaivers are of rules that no request of Karpenter shows to be needed (OPS-237).
func OwnerWaivers() []Waiver {
	const why = "admission asks for it when Karpenter makes an object that blocks the deletion of its owner"
	return []Waiver{
		{karpenterGroup, "nodepools/finalizers", "update", why},
		{karpenterGroup, "nodeclaims/finalizers", "update", why},
	}
}

// SpreadWaivers are for a suite that configures no default spread constraints, which are
// deduced from these objects (OPS-237). Services are not among them: a provider may read
// one for the address of the DNS.
func SpreadWaivers() []Waiver {
	const why = "read for default spread constraints only"
	return []Waiver{
		{"", "replicationcontrollers", read, why},
		{appsGroup, "replicasets", read, why},
		{appsGroup, "statefulsets", read, why},
	}
}
