// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"k8s.io/apimachinery/pkg/runtime"
)

// EC2NodeClassSpec is the wanted state of an EC2NodeClass. The names of this and
// the types below it, and of their fields, are part of the static hash (AWS-091).
// So are empty maps and lists that are there, hence they are written as they were
// read: omitzero.
//
// +kubebuilder:validation:XValidation:rule="has(self.role) != has(self.instanceProfile)",message="exactly one of role and instanceProfile must be set"
// +kubebuilder:validation:XValidation:rule="has(self.amiFamily) || self.amiSelectorTerms.exists(x, has(x.alias))",message="amiFamily is required when amiSelectorTerms has no alias",fieldPath=".amiSelectorTerms"
// +kubebuilder:validation:XValidation:rule="!has(self.amiFamily) || self.amiFamily == 'Custom' || self.amiSelectorTerms.all(x, !has(x.alias) || x.alias.startsWith(self.amiFamily.lowerAscii() + '@'))",message="amiFamily must be unset, Custom, or the family of the alias in amiSelectorTerms",fieldPath=".amiFamily"
type EC2NodeClassSpec struct {
	// SubnetSelectorTerms select the subnets that machines are launched into. A
	// subnet is selected if any term matches it. Where a zone has several, each
	// launch takes the one with the most free addresses.
	// +kubebuilder:validation:MinItems:=1
	// +kubebuilder:validation:MaxItems:=30
	// +kubebuilder:validation:XValidation:rule="self.all(x, has(x.id) || (has(x.tags) && size(x.tags) > 0))",message="each of subnetSelectorTerms needs tags or id"
	// +kubebuilder:validation:XValidation:rule="!self.all(x, has(x.id) && has(x.tags))",message="in subnetSelectorTerms, id may not be set together with tags"
	// +required
	SubnetSelectorTerms []SubnetSelectorTerm `json:"subnetSelectorTerms" hash:"ignore"`
	// SecurityGroupSelectorTerms select the security groups that machines are in:
	// all that any term matches.
	// +kubebuilder:validation:MinItems:=1
	// +kubebuilder:validation:MaxItems:=30
	// +kubebuilder:validation:XValidation:rule="self.all(x, has(x.id) || (has(x.tags) && size(x.tags) > 0) || (has(x.name) && size(x.name) > 0))",message="each of securityGroupSelectorTerms needs tags, id or name"
	// +kubebuilder:validation:XValidation:rule="!self.all(x, has(x.id) && (has(x.tags) || has(x.name)))",message="in securityGroupSelectorTerms, id may not be set together with tags or name"
	// +kubebuilder:validation:XValidation:rule="!self.all(x, has(x.name) && (has(x.tags) || has(x.id)))",message="in securityGroupSelectorTerms, name may not be set together with tags or id"
	// +required
	SecurityGroupSelectorTerms []SecurityGroupSelectorTerm `json:"securityGroupSelectorTerms" hash:"ignore"`
	// CapacityReservationSelectorTerms select the capacity reservations that
	// machines may be launched into: all that any term matches. Without terms none
	// is used.
	// +kubebuilder:validation:MaxItems:=30
	// +kubebuilder:validation:XValidation:rule="self.all(x, has(x.id) || has(x.instanceMatchCriteria) || (has(x.tags) && size(x.tags) > 0))",message="each of capacityReservationSelectorTerms needs tags, id or instanceMatchCriteria"
	// +kubebuilder:validation:XValidation:rule="!self.all(x, has(x.id) && (has(x.tags) || has(x.ownerID) || has(x.instanceMatchCriteria)))",message="capacityReservationSelectorTerms must be left out rather than empty, and in its terms id may not be set together with tags, ownerID or instanceMatchCriteria"
	// +nullable
	// +optional
	CapacityReservationSelectorTerms []CapacityReservationSelectorTerm `json:"capacityReservationSelectorTerms,omitempty" hash:"ignore"`
	// PlacementGroupSelector selects the placement group that all machines are
	// launched into. There is no falling back to launches outside of it.
	// +optional
	PlacementGroupSelector *PlacementGroupSelector `json:"placementGroupSelector,omitempty"`
	// AssociatePublicIPAddress says whether machines get a public IP address. Unset
	// leaves it to the subnet. EC2 refuses it for machines with several network
	// interfaces.
	// +optional
	AssociatePublicIPAddress *bool `json:"associatePublicIPAddress,omitempty"`
	// IPPrefixCount is the number of address prefixes, of the cluster's IP family,
	// that each network interface gets at launch, other than those of type
	// efa-only. Unset leaves it to EC2.
	// +kubebuilder:validation:Minimum:=0
	// +optional
	IPPrefixCount *int32 `json:"ipPrefixCount,omitempty" hash:"ignore"`
	// AMISelectorTerms select the images that machines boot: all that any term
	// matches. Of images for the same machines the newest one is used. An alias is
	// the only term, and follows what its family supports of each kind of machine.
	// +kubebuilder:validation:MinItems:=1
	// +kubebuilder:validation:MaxItems:=30
	// +kubebuilder:validation:XValidation:rule="self.all(x, has(x.id) || has(x.alias) || (has(x.tags) && size(x.tags) > 0) || (has(x.name) && size(x.name) > 0) || (has(x.ssmParameter) && size(x.ssmParameter) > 0))",message="each of amiSelectorTerms needs tags, id, name, alias or ssmParameter"
	// +kubebuilder:validation:XValidation:rule="!self.exists(x, has(x.id) && (has(x.alias) || has(x.tags) || has(x.name) || has(x.owner)))",message="in amiSelectorTerms, id may not be set together with alias, tags, name or owner"
	// +kubebuilder:validation:XValidation:rule="!self.exists(x, has(x.alias) && (has(x.id) || has(x.tags) || has(x.name) || has(x.owner)))",message="in amiSelectorTerms, alias may not be set together with id, tags, name or owner"
	// +kubebuilder:validation:XValidation:rule="size(self) == 1 || !self.exists(x, has(x.alias))",message="an alias must be the only one of amiSelectorTerms"
	// +required
	AMISelectorTerms []AMISelectorTerm `json:"amiSelectorTerms" hash:"ignore"`
	// AMIFamily says how the user data of the images are written, and what volumes
	// machines have by default; it selects no image. Unset means the family of the
	// alias, and is possible with an alias only. Custom passes userData on as it is,
	// so the image has to join the cluster by itself.
	// +kubebuilder:validation:Enum:={AL2,AL2023,Bottlerocket,Custom,Windows2019,Windows2022,Windows2025}
	// +optional
	AMIFamily *string `json:"amiFamily,omitempty" hash:"ignore"`
	// UserData is what machines run or read at boot, beside what makes them join the
	// cluster. The form depends on the family: a MIME archive or a shell script for
	// AL2 and AL2023, also a NodeConfig for AL2023, TOML for Bottlerocket, PowerShell
	// for Windows, anything for Custom. EC2 accepts 16384 bytes in all.
	// +optional
	UserData *string `json:"userData,omitempty"`
	// Role is the name of the IAM role of the machines. Instance profiles with it
	// are created and deleted as needed.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Role string `json:"role,omitempty"`
	// InstanceProfile is the name of an IAM instance profile that exists. It is used
	// as it is, and never changed.
	// +kubebuilder:validation:MinLength:=1
	// +kubebuilder:validation:MaxLength:=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_+=,.@-]+$')",message="instanceProfile must be the name of an instance profile, without the rest of its ARN and without its path: letters, digits and any of _+=,.@-"
	// +optional
	InstanceProfile *string `json:"instanceProfile,omitempty"`
	// Tags are set on what is created in the account: machines with their volumes
	// and network interfaces, fleets, launch templates and instance profiles. Keys
	// that Karpenter sets itself are refused; Name may be set.
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0)",message="tags may not have an empty key"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('kubernetes.io/cluster'))",message="tags may not have a key that begins with kubernetes.io/cluster"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k != 'eks:eks-cluster-name')",message="tags may not have the key eks:eks-cluster-name"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k != 'karpenter.sh/nodepool')",message="tags may not have the key karpenter.sh/nodepool"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k != 'karpenter.sh/nodeclaim')",message="tags may not have the key karpenter.sh/nodeclaim"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k != 'karpenter.k8s.aws/ec2nodeclass')",message="tags may not have the key karpenter.k8s.aws/ec2nodeclass"
	// +optional
	Tags map[string]string `json:"tags,omitzero"`
	// Kubelet is the configuration of the kubelet: the fields of KubeletConfiguration
	// of kubelet.config.k8s.io/v1beta1. Only AL2023 takes all of them; which the
	// others take, and whether the values are possible, is told in the condition
	// ValidationSucceeded. Values of maxPods, kubeReserved and systemReserved may be
	// expressions if the feature gate NodeClassCEL is on.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Kubelet *runtime.RawExtension `json:"kubelet,omitempty" hash:"ignore"`
	// BlockDeviceMappings are the volumes of machines. Unset means the family's: an
	// encrypted volume of type gp3 of 20Gi (Windows 50Gi; Bottlerocket one more for
	// its system, of 4Gi), or for Custom what the image says.
	// +kubebuilder:validation:MaxItems:=50
	// +kubebuilder:validation:XValidation:rule="size(self.filter(x, has(x.rootVolume) && x.rootVolume)) <= 1",message="only one of blockDeviceMappings may be the rootVolume"
	// +optional
	BlockDeviceMappings []*BlockDeviceMapping `json:"blockDeviceMappings,omitzero"`
	// InstanceStorePolicy says what local disks are for. RAID0 joins them to one
	// volume for the kubelet, the container runtime and logs of pods, which counts as
	// the machine's ephemeral storage. Unset leaves them unused.
	// +kubebuilder:validation:Enum:={RAID0}
	// +optional
	InstanceStorePolicy *string `json:"instanceStorePolicy,omitempty"`
	// NetworkInterfaces are the network interfaces of machines, in place of those
	// that Karpenter chooses; machines that cannot have them are not launched.
	// +kubebuilder:validation:MaxItems:=150
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.exists(x, x.networkCardIndex == 0 && x.deviceIndex == 0 && x.interfaceType == 'interface')",message="networkInterfaces must have one of interfaceType interface with networkCardIndex 0 and deviceIndex 0"
	// +kubebuilder:validation:XValidation:rule="self.all(x, self.exists_one(y, x.networkCardIndex == y.networkCardIndex && x.deviceIndex == y.deviceIndex))",message="no two of networkInterfaces may have the same networkCardIndex and deviceIndex"
	// +kubebuilder:validation:XValidation:rule="self.all(x, x.interfaceType != 'efa-only' || self.exists_one(y, y.interfaceType == 'efa-only' && x.networkCardIndex == y.networkCardIndex))",message="networkInterfaces may have one of interfaceType efa-only for each networkCardIndex"
	// +optional
	NetworkInterfaces []*NetworkInterface `json:"networkInterfaces,omitzero"`
	// DetailedMonitoring says whether EC2 reports the metrics of machines each
	// minute, which costs extra. Unset means false: every five minutes.
	// +optional
	DetailedMonitoring *bool `json:"detailedMonitoring,omitempty"`
	// MetadataOptions say how what runs on a machine reaches the instance metadata
	// service.
	// +kubebuilder:default:={httpEndpoint: "enabled", httpProtocolIPv6: "disabled", httpPutResponseHopLimit: 1, httpTokens: "required"}
	// +optional
	MetadataOptions *MetadataOptions `json:"metadataOptions,omitempty"`
	// ConnectionTracking holds after how long without traffic the security groups
	// forget a connection. Machines are then of types on the Nitro system.
	// +optional
	ConnectionTracking *ConnectionTracking `json:"connectionTracking,omitempty"`
	// Context is an ID that EC2 gave to the account for its launches. It is sent
	// with each, unless minValues of the NodePool were relaxed for it.
	// +optional
	Context *string `json:"context,omitempty"`
	// CPUOptions are options of the processors of machines.
	// +optional
	CPUOptions *CPUOptions `json:"cpuOptions,omitempty"`
}
