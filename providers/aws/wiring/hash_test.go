// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/conformance"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// hashing tries every static field (AWS-091), and what is none.
func (w *world) hashing() *conformance.Hash {
	edit := func(name string, drifts bool, change func(*v1.EC2NodeClassSpec)) conformance.HashEdit {
		return conformance.HashEdit{Name: name, Drifts: drifts, Apply: func(testing.TB) { w.change(change) }}
	}
	static := func(name string, change func(*v1.EC2NodeClassSpec)) conformance.HashEdit {
		return edit(name, true, change)
	}
	other := func(name string, change func(*v1.EC2NodeClassSpec)) conformance.HashEdit {
		return edit(name, false, change)
	}
	volume := func(s *v1.EC2NodeClassSpec) *v1.BlockDevice { return s.BlockDeviceMappings[0].EBS }
	edits := []conformance.HashEdit{
		other("an unset list", func(s *v1.EC2NodeClassSpec) { s.CapacityReservationSelectorTerms = nil }),
		other("subnets, by ID now", func(s *v1.EC2NodeClassSpec) { s.SubnetSelectorTerms = w.subnetsBut("") }),
		other("the order of subnets", func(s *v1.EC2NodeClassSpec) { slices.Reverse(s.SubnetSelectorTerms) }),
		other("security groups, by name now", func(s *v1.EC2NodeClassSpec) {
			s.SecurityGroupSelectorTerms = []v1.SecurityGroupSelectorTerm{{Name: w.Setup.SecurityGroups[0].Name}}
		}),
		other("the version of the same images", func(s *v1.EC2NodeClassSpec) { s.AMISelectorTerms[0].Alias = "al2023@v20260101" }),
		other("reservations", func(s *v1.EC2NodeClassSpec) {
			s.CapacityReservationSelectorTerms = []v1.CapacityReservationSelectorTerm{{InstanceMatchCriteria: "open"}}
		}),
		other("the alias's own family", func(s *v1.EC2NodeClassSpec) { s.AMIFamily = aws.String(v1.AMIFamilyAL2023) }),
		other("ipPrefixCount", func(s *v1.EC2NodeClassSpec) { s.IPPrefixCount = aws.Int32(1) }),
		other("an empty kubelet", func(s *v1.EC2NodeClassSpec) { s.Kubelet = &runtime.RawExtension{Raw: []byte("{ }")} }),
		static("kubelet", func(s *v1.EC2NodeClassSpec) {
			s.Kubelet = &runtime.RawExtension{Raw: []byte(`{"maxPods":20,"podsPerCore":10}`)}
		}),
		other("the order of kubelet's fields", func(s *v1.EC2NodeClassSpec) { s.Kubelet.Raw = []byte(`{"podsPerCore":10, "maxPods":20}`) }),
		static("associatePublicIPAddress", func(s *v1.EC2NodeClassSpec) { s.AssociatePublicIPAddress = aws.Bool(false) }),
		static("userData", func(s *v1.EC2NodeClassSpec) { s.UserData = aws.String("#!/bin/sh\ntrue") }),
		static("tags", func(s *v1.EC2NodeClassSpec) { s.Tags["team"] = "b" }),
		static("blockDeviceMappings", func(s *v1.EC2NodeClassSpec) {
			s.BlockDeviceMappings = []*v1.BlockDeviceMapping{{EBS: &v1.BlockDevice{VolumeSize: new(resource.MustParse("30Gi"))}}}
		}),
		static("deviceName", func(s *v1.EC2NodeClassSpec) { s.BlockDeviceMappings[0].DeviceName = aws.String("/dev/xvda") }),
		static("rootVolume", func(s *v1.EC2NodeClassSpec) { s.BlockDeviceMappings[0].RootVolume = true }),
		static("deleteOnTermination", func(s *v1.EC2NodeClassSpec) { volume(s).DeleteOnTermination = aws.Bool(true) }),
		static("encrypted", func(s *v1.EC2NodeClassSpec) { volume(s).Encrypted = aws.Bool(true) }),
		static("iops", func(s *v1.EC2NodeClassSpec) { volume(s).IOPS = aws.Int64(3000) }),
		static("kmsKeyID", func(s *v1.EC2NodeClassSpec) { volume(s).KMSKeyID = aws.String("alias/key") }),
		static("snapshotID", func(s *v1.EC2NodeClassSpec) { volume(s).SnapshotID = aws.String("snap-1") }),
		static("throughput", func(s *v1.EC2NodeClassSpec) { volume(s).Throughput = aws.Int64(125) }),
		static("volumeInitializationRate", func(s *v1.EC2NodeClassSpec) { volume(s).VolumeInitializationRate = aws.Int32(100) }),
		static("volumeSize", func(s *v1.EC2NodeClassSpec) { volume(s).VolumeSize = new(resource.MustParse("40Gi")) }),
		static("volumeType", func(s *v1.EC2NodeClassSpec) { volume(s).VolumeType = aws.String("gp3") }),
		static("instanceStorePolicy", func(s *v1.EC2NodeClassSpec) { s.InstanceStorePolicy = aws.String("RAID0") }),
		static("networkInterfaces", func(s *v1.EC2NodeClassSpec) {
			s.NetworkInterfaces = []*v1.NetworkInterface{{InterfaceType: v1.InterfaceTypeInterface}}
		}),
		static("deviceIndex", func(s *v1.EC2NodeClassSpec) {
			s.NetworkInterfaces = append(s.NetworkInterfaces, &v1.NetworkInterface{DeviceIndex: 1, InterfaceType: v1.InterfaceTypeInterface})
		}),
		static("detailedMonitoring", func(s *v1.EC2NodeClassSpec) { s.DetailedMonitoring = aws.Bool(false) }),
		static("metadataOptions", func(s *v1.EC2NodeClassSpec) { s.MetadataOptions = &v1.MetadataOptions{} }),
		static("httpEndpoint", func(s *v1.EC2NodeClassSpec) { s.MetadataOptions.HTTPEndpoint = aws.String("enabled") }),
		static("httpProtocolIPv6", func(s *v1.EC2NodeClassSpec) { s.MetadataOptions.HTTPProtocolIPv6 = aws.String("disabled") }),
		static("httpPutResponseHopLimit", func(s *v1.EC2NodeClassSpec) { s.MetadataOptions.HTTPPutResponseHopLimit = aws.Int64(2) }),
		static("httpTokens", func(s *v1.EC2NodeClassSpec) { s.MetadataOptions.HTTPTokens = aws.String("required") }),
		static("connectionTracking", func(s *v1.EC2NodeClassSpec) {
			s.ConnectionTracking = &v1.ConnectionTracking{TCPEstablishedTimeout: aws.Int32(300)}
		}),
		static("udpStreamTimeout", func(s *v1.EC2NodeClassSpec) { s.ConnectionTracking.UDPStreamTimeout = aws.Int32(120) }),
		static("udpTimeout", func(s *v1.EC2NodeClassSpec) { s.ConnectionTracking.UDPTimeout = aws.Int32(45) }),
		static("context", func(s *v1.EC2NodeClassSpec) { s.Context = aws.String("context") }),
		static("instanceProfile in place of role", func(s *v1.EC2NodeClassSpec) { s.Role, s.InstanceProfile = "", aws.String(ownProfile) }),
		static("cpuOptions", func(s *v1.EC2NodeClassSpec) {
			s.CPUOptions = &v1.CPUOptions{NestedVirtualization: aws.String("disabled")}
		}),
		static("placementGroupSelector by name", func(s *v1.EC2NodeClassSpec) {
			s.PlacementGroupSelector = &v1.PlacementGroupSelector{Name: aws.String(spreadGroup)}
		}),
		static("placementGroupSelector by ID", func(s *v1.EC2NodeClassSpec) {
			s.PlacementGroupSelector = &v1.PlacementGroupSelector{ID: aws.String(w.Setup.PlacementGroups[0].ID)}
		}),
		static("the family, to one that the alias is not of", func(s *v1.EC2NodeClassSpec) { s.AMIFamily = aws.String(v1.AMIFamilyCustom) }),
	}
	return &conformance.Hash{
		HashKey: v1.Kind().HashKey(), VersionKey: v1.Kind().HashVersionKey(), Edits: edits, Upgrade: w.upgrade,
		Stamped: func(testing.TB) map[string]string { return w.nodeClass().Annotations },
	}
}

// makeOwnProfile makes the profile of a user.
func (w *world) makeOwnProfile() {
	api := iam.NewFromConfig(w.Config)
	_, err := api.CreateInstanceProfile(w.t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String(ownProfile)})
	_, err2 := api.AddRoleToInstanceProfile(w.t.Context(), &iam.AddRoleToInstanceProfileInput{
		InstanceProfileName: aws.String(ownProfile), RoleName: aws.String(w.Setup.Roles[0]),
	})
	w.must(errors.Join(err, err2))
}

// dropProfile deletes a profile behind the provider's back.
func (w *world) dropProfile(name string) {
	api := iam.NewFromConfig(w.Config)
	_, err := api.RemoveRoleFromInstanceProfile(w.t.Context(), &iam.RemoveRoleFromInstanceProfileInput{
		InstanceProfileName: &name, RoleName: aws.String(w.Setup.Roles[0]),
	})
	_, err2 := api.DeleteInstanceProfile(w.t.Context(), &iam.DeleteInstanceProfileInput{InstanceProfileName: &name})
	w.must(errors.Join(err, err2))
}

// upgrade runs the hash controller of the next version.
func (w *world) upgrade(t testing.TB, claims ...*karpv1.NodeClaim) []*karpv1.NodeClaim {
	for _, claim := range claims {
		w.store(t, claim)
	}
	w.parts.Hash.Version = "next"
	w.controllers = w.parts.Controllers()
	w.hash()
	var stored []*karpv1.NodeClaim
	for _, claim := range claims {
		stored = append(stored, w.stored(t, claim.Name))
	}
	return stored
}
