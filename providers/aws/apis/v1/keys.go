// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// Labels of nodes and instance types (AWS-120).
const (
	LabelInstanceCategory                     = Group + "/instance-category"
	LabelInstanceGeneration                   = Group + "/instance-generation"
	LabelInstanceFamily                       = Group + "/instance-family"
	LabelInstanceSize                         = Group + "/instance-size"
	LabelInstanceCapabilityFlex               = Group + "/instance-capability-flex"
	LabelInstanceCPU                          = Group + "/instance-cpu"
	LabelInstanceCPUManufacturer              = Group + "/instance-cpu-manufacturer"
	LabelInstanceCPUSustainedClockSpeedMhz    = Group + "/instance-cpu-sustained-clock-speed-mhz"
	LabelInstanceMemory                       = Group + "/instance-memory"
	LabelInstanceHypervisor                   = Group + "/instance-hypervisor"
	LabelInstanceEncryptionInTransitSupported = Group + "/instance-encryption-in-transit-supported"
	LabelNitroSandbox                         = Group + "/nitro-sandbox"
	LabelInstanceEBSBandwidth                 = Group + "/instance-ebs-bandwidth"
	LabelInstanceNetworkBandwidth             = Group + "/instance-network-bandwidth"
	LabelInstanceLocalNVMe                    = Group + "/instance-local-nvme"
	LabelInstanceGPUName                      = Group + "/instance-gpu-name"
	LabelInstanceGPUManufacturer              = Group + "/instance-gpu-manufacturer"
	LabelInstanceGPUCount                     = Group + "/instance-gpu-count"
	LabelInstanceGPUMemory                    = Group + "/instance-gpu-memory"
	LabelInstanceAcceleratorName              = Group + "/instance-accelerator-name"
	LabelInstanceAcceleratorManufacturer      = Group + "/instance-accelerator-manufacturer"
	LabelInstanceAcceleratorCount             = Group + "/instance-accelerator-count"
	LabelInstanceTenancy                      = Group + "/instance-tenancy"
	LabelCapacityReservationID                = Group + "/capacity-reservation-id"
	LabelCapacityReservationType              = Group + "/capacity-reservation-type"
	LabelCapacityReservationInterruptible     = Group + "/capacity-reservation-interruptible"
	LabelPlacementGroupID                     = Group + "/placement-group-id"
	LabelPlacementGroupPartition              = Group + "/placement-group-partition"
	LabelNodeClass                            = Group + "/ec2nodeclass"

	LabelTopologyZoneID = "topology.k8s.aws/zone-id"
	LabelEBSZone        = "topology.ebs.csi.aws.com/zone"
)

// Values of LabelInstanceTenancy.
const (
	TenancyDefault   = "default"
	TenancyDedicated = "dedicated"
)

// Extended resources of machines of AWS.
const (
	ResourceNVIDIAGPU          corev1.ResourceName = "nvidia.com/gpu"
	ResourceAMDGPU             corev1.ResourceName = "amd.com/gpu"
	ResourceHabanaGaudi        corev1.ResourceName = "habana.ai/gaudi"
	ResourceAWSNeuron          corev1.ResourceName = "aws.amazon.com/neuron"
	ResourceAWSNeuronCore      corev1.ResourceName = "aws.amazon.com/neuroncore"
	ResourceAWSPodENI          corev1.ResourceName = "vpc.amazonaws.com/pod-eni"
	ResourceEFA                corev1.ResourceName = "vpc.amazonaws.com/efa"
	ResourcePrivateIPv4Address corev1.ResourceName = "vpc.amazonaws.com/PrivateIPv4Address"
	ResourceNitroSandbox       corev1.ResourceName = "eks.amazonaws.com/nitro-sandbox"
)

// Annotations (AWS-123).
const (
	AnnotationInstanceProfile   = Group + "/instance-profile-name"
	AnnotationTagged            = Group + "/tagged"
	AnnotationClusterNameTagged = "compatibility.karpenter.k8s.aws/cluster-name-tagged"
)

// Tags of what is created in the account (AWS-124, AWS-125, AWS-341).
const (
	TagNodePool   = "karpenter.sh/nodepool"
	TagNodeClaim  = "karpenter.sh/nodeclaim"
	TagCluster    = "eks:eks-cluster-name"
	TagNodeClass  = LabelNodeClass
	TagName       = "Name"
	TagRegion     = corev1.LabelTopologyRegion
	TagOwned      = "owned"
	tagOwnedByKey = "kubernetes.io/cluster/"
)

// TagOwnedBy is the key of the tag, with value TagOwned, of all that a cluster
// owns.
func TagOwnedBy(cluster string) string { return tagOwnedByKey + cluster }
