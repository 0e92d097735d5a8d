// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Input writes the content for EC2, under its name.
func (c Content) Input() (*ec2.CreateLaunchTemplateInput, error) {
	name, err := c.Name()
	if err != nil {
		return nil, err
	}
	return &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(name),
		LaunchTemplateData: c.data(),
		TagSpecifications:  []types.TagSpecification{{ResourceType: types.ResourceTypeLaunchTemplate, Tags: Listed(c.Tags)}},
	}, nil
}

func (c Content) data() *types.RequestLaunchTemplateData {
	data := &types.RequestLaunchTemplateData{
		ImageId:             aws.String(c.ImageID),
		Monitoring:          &types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(c.DetailedMonitoring)},
		MetadataOptions:     c.metadata(),
		BlockDeviceMappings: c.devices(),
		Placement:           c.Placement.request(),
		NetworkInterfaces:   c.interfaces(),
		TagSpecifications:   c.tags(),
	}
	if c.InstanceProfile != "" {
		data.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String(c.InstanceProfile)}
	}
	if c.UserData != "" {
		data.UserData = aws.String(c.UserData)
	}
	if c.NestedVirtualization != "" {
		data.CpuOptions = &types.LaunchTemplateCpuOptionsRequest{NestedVirtualization: types.NestedVirtualizationSpecification(c.NestedVirtualization)}
	}
	if c.Enclaves {
		data.EnclaveOptions = &types.LaunchTemplateEnclaveOptionsRequest{Enabled: aws.Bool(true)}
	}
	c.Market.write(data)
	return data
}

// tags are those of what EC2 creates by itself. A machine, its volumes and the fleet
// get theirs from the fleet request.
func (c Content) tags() []types.LaunchTemplateTagSpecificationRequest {
	kinds := []types.ResourceType{types.ResourceTypeNetworkInterface}
	if c.Market.Spot {
		kinds = append(kinds, types.ResourceTypeSpotInstancesRequest)
	}
	var out []types.LaunchTemplateTagSpecificationRequest
	for _, kind := range kinds {
		out = append(out, types.LaunchTemplateTagSpecificationRequest{ResourceType: kind, Tags: Listed(c.Tags)})
	}
	return out
}

func (c Content) metadata() *types.LaunchTemplateInstanceMetadataOptionsRequest {
	out := &types.LaunchTemplateInstanceMetadataOptionsRequest{
		HttpEndpoint:         types.LaunchTemplateInstanceMetadataEndpointState(aws.ToString(c.Metadata.HTTPEndpoint)),
		HttpProtocolIpv6:     types.LaunchTemplateInstanceMetadataProtocolIpv6(aws.ToString(c.Metadata.HTTPProtocolIPv6)),
		HttpTokens:           types.LaunchTemplateHttpTokensState(aws.ToString(c.Metadata.HTTPTokens)),
		InstanceMetadataTags: types.LaunchTemplateInstanceMetadataTagsStateDisabled,
	}
	if hops := c.Metadata.HTTPPutResponseHopLimit; hops != nil {
		out.HttpPutResponseHopLimit = aws.Int32(int32(*hops))
	}
	return out
}

func (p Placement) request() *types.LaunchTemplatePlacementRequest {
	out := &types.LaunchTemplatePlacementRequest{Tenancy: types.Tenancy(p.Tenancy)}
	if p.GroupID != "" {
		out.GroupId = aws.String(p.GroupID)
	}
	if p.Partition > 0 {
		out.PartitionNumber = aws.Int32(p.Partition)
	}
	return out
}

func (m Market) write(data *types.RequestLaunchTemplateData) {
	if m.Preference != "" {
		s := &types.LaunchTemplateCapacityReservationSpecificationRequest{CapacityReservationPreference: types.CapacityReservationPreference(m.Preference)}
		if m.ReservationID != "" {
			s.CapacityReservationTarget = &types.CapacityReservationTarget{CapacityReservationId: aws.String(m.ReservationID)}
		}
		data.CapacityReservationSpecification = s
	}
	if m.Type != "" {
		data.InstanceMarketOptions = &types.LaunchTemplateInstanceMarketOptionsRequest{MarketType: types.MarketType(m.Type)}
	}
}

func (c Content) interfaces() []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
	var out []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest
	for _, i := range c.Interfaces {
		n := types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{
			DeviceIndex: aws.Int32(i.Device), NetworkCardIndex: aws.Int32(i.Card), Groups: i.SecurityGroups,
			AssociatePublicIpAddress: i.PublicIP, Ipv4PrefixCount: i.IPv4Prefixes, Ipv6PrefixCount: i.IPv6Prefixes,
			Ipv6AddressCount: i.IPv6Addresses, PrimaryIpv6: i.PrimaryIPv6,
		}
		if i.Type != "" {
			n.InterfaceType = aws.String(i.Type)
		}
		if t := i.Tracking; t != nil {
			n.ConnectionTrackingSpecification = &types.ConnectionTrackingSpecificationRequest{
				TcpEstablishedTimeout: t.TCPEstablishedTimeout, UdpStreamTimeout: t.UDPStreamTimeout, UdpTimeout: t.UDPTimeout,
			}
		}
		out = append(out, n)
	}
	return out
}

// devices are nil without any: an empty list would take the image's away.
func (c Content) devices() []types.LaunchTemplateBlockDeviceMappingRequest {
	var out []types.LaunchTemplateBlockDeviceMappingRequest
	for _, m := range c.BlockDevices {
		if m == nil {
			continue
		}
		d := types.LaunchTemplateBlockDeviceMappingRequest{DeviceName: m.DeviceName}
		if m.EBS != nil {
			d.Ebs = volume(m.EBS)
		}
		out = append(out, d)
	}
	return out
}

func volume(in *v1.BlockDevice) *types.LaunchTemplateEbsBlockDeviceRequest {
	return &types.LaunchTemplateEbsBlockDeviceRequest{
		DeleteOnTermination: in.DeleteOnTermination, Encrypted: in.Encrypted,
		Iops: positive(in.IOPS), Throughput: positive(in.Throughput),
		KmsKeyId: in.KMSKeyID, SnapshotId: in.SnapshotID, VolumeInitializationRate: in.VolumeInitializationRate,
		VolumeSize: gibibytes(in.VolumeSize), VolumeType: types.VolumeType(aws.ToString(in.VolumeType)),
	}
}

// positive leaves out zero, which EC2 would refuse.
func positive(n *int64) *int32 {
	if n == nil || *n == 0 {
		return nil
	}
	return aws.Int32(int32(min(*n, 1<<31-1)))
}

// gibibytes is a size in GiB, rounded up.
func gibibytes(size *resource.Quantity) *int32 {
	if size == nil {
		return nil
	}
	const gib = 1 << 30
	return aws.Int32(int32((size.Value() + gib - 1) / gib))
}
