// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels of the provider's own, all well-known (CAPI-004, CAPI-027).
const (
	// LabelCapacityCPU is the whole cores of a machine.
	LabelCapacityCPU = "capacity." + Group + "/cpu"
	// LabelCapacityMemory is the memory of a machine in MiB.
	LabelCapacityMemory = "capacity." + Group + "/memory"
	// LabelInstanceSize is the size of an instance type, if its MachineDeployment
	// names one.
	LabelInstanceSize = Group + "/instance-size"
	// LabelInstanceFamily is the family of an instance type, if its MachineDeployment
	// names one.
	LabelInstanceFamily = Group + "/instance-family"
	// LabelInstanceCPU is the whole cores of a machine.
	LabelInstanceCPU = Group + "/instance-cpu"
	// LabelInstanceMemory is the memory of a machine in MiB.
	LabelInstanceMemory = Group + "/instance-memory"
	// LabelNodeClass carries the NodeClass name on NodeClaims and Nodes (CP-004).
	LabelNodeClass = Group + "/clusterapinodeclass"
)

// Keys on objects of Cluster API and on NodeClaims (CAPI-005).
const (
	// LabelMember on a MachineDeployment says that it takes part; on a Machine, that
	// Karpenter owns it.
	LabelMember = "node.cluster.x-k8s.io/karpenter-member"
	// NotMember is the one value of LabelMember by which a MachineDeployment does not
	// take part (CAPI-014).
	NotMember = "false"
	// AnnotationMachine on a NodeClaim is <namespace>/<name> of its Machine. Cluster API
	// uses the same key on Nodes, for the bare name.
	AnnotationMachine = "cluster.x-k8s.io/machine"
	// AnnotationNodeClaim on a Machine is the claim: <name>/<UID> of a NodeClaim.
	AnnotationNodeClaim = Group + "/nodeclaim"
	// AnnotationWorkload on a Machine goes with the claim: the workload cluster that the
	// NodeClaim is in, by the UID of its namespace kube-system.
	AnnotationWorkload = Group + "/workload-cluster"
	// AnnotationPendingDeletion on a MachineDeployment lists the marked Machines that
	// its replicas no longer count.
	AnnotationPendingDeletion = Group + "/machines-pending-deletion"
)

// Annotations by which users say what of a machine pods cannot use (CAPI-018): lists
// such as cpu=100m,memory=1Gi.
const (
	AnnotationKubeReserved      = Group + "/kube-reserved"
	AnnotationSystemReserved    = Group + "/system-reserved"
	AnnotationEvictionThreshold = Group + "/eviction-threshold"
)
