// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"path"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// instanceTree is an instance as DescribeInstances tells it.
func (r *request) instanceTree(i *instance) wire.Tree {
	state := i.state(r.now)
	out := wire.Tree{
		"InstanceId": i.id, "ImageId": i.image.ID, "InstanceType": i.kind.name, "LaunchTime": i.at,
		"AmiLaunchIndex": i.index, "State": stateTree(state), "Architecture": i.kind.arch, "ClientToken": i.token,
		"Placement": r.placementTree(i), "EbsOptimized": true, "EnaSupport": true,
		"RootDeviceName": "/dev/xvda", "RootDeviceType": "ebs", "VirtualizationType": "hvm",
		"Tags": tagTrees(i.read(r.delays, r.now)), "Monitoring": wire.Tree{"State": monitoring(i.data)},
		"PrivateDnsName": "", "StateTransitionReason": i.reason,
	}
	if h := i.kind.hypervisor(); h != "" {
		out["Hypervisor"] = h
	}
	if l := i.lifecycle(); l != "" {
		out["InstanceLifecycle"] = l
	}
	if i.spotID != "" {
		out["SpotInstanceRequestId"] = i.spotID
	}
	if i.reserve != nil {
		out["CapacityReservationId"] = i.reserve.ID
	}
	out["CapacityReservationSpecification"] = reservationSpecification(i.data)
	if state == stateShutting || state == stateEnded {
		out["StateReason"] = wire.Tree{"Code": "Client.UserInitiatedShutdown", "Message": i.reason}
	}
	if state != stateEnded {
		r.attached(i, out)
	}
	return out
}

// attached adds what an instance loses when it ends.
func (r *request) attached(i *instance, out wire.Tree) {
	out["PrivateDnsName"] = r.dnsName(i)
	out["PrivateIpAddress"] = i.address.String()
	out["SubnetId"] = i.subnet.ID
	out["VpcId"] = r.options.Setup.VPC
	groups := r.groupTrees(i.security)
	out["SecurityGroups"] = groups
	interfaces := max(1, len(i.data.Trees("NetworkInterfaces")))
	var list []wire.Tree
	for n := range interfaces {
		list = append(list, r.interfaceTree(i, n, groups))
	}
	out["NetworkInterfaces"] = list
	var volumes []wire.Tree
	for _, m := range i.data.Trees("BlockDeviceMappings") {
		volumes = append(volumes, wire.Tree{
			"DeviceName": m.Str("DeviceName"),
			"Ebs":        wire.Tree{"VolumeId": "vol-" + i.id[2:], "Status": "attached", "DeleteOnTermination": true, "AttachTime": i.at},
		})
	}
	out["BlockDeviceMappings"] = volumes
	if i.profile != "" {
		out["IamInstanceProfile"] = wire.Tree{"Arn": i.profile, "Id": "AIPA" + path.Base(i.profile)}
	}
	if m := i.data.Tree("MetadataOptions"); m != nil {
		told := wire.Tree{"State": "applied"}
		for name, value := range m {
			told[name] = value
		}
		out["MetadataOptions"] = told
	}
	if i.data.Tree("EnclaveOptions").Bool("Enabled") {
		out["EnclaveOptions"] = wire.Tree{"Enabled": true}
	}
}

func (r *request) interfaceTree(i *instance, n int, groups []wire.Tree) wire.Tree {
	out := wire.Tree{
		"NetworkInterfaceId": fmt.Sprintf("eni-%s%d", i.id[2:18], n%10), "SubnetId": i.subnet.ID, "VpcId": r.options.Setup.VPC,
		"OwnerId": r.options.Setup.Account, "Status": "in-use", "Groups": groups, "InterfaceType": "interface",
		"Attachment": wire.Tree{"DeviceIndex": n, "NetworkCardIndex": 0, "Status": "attached", "DeleteOnTermination": true, "AttachTime": i.at},
	}
	if given := i.data.Trees("NetworkInterfaces"); n < len(given) {
		out["Attachment"].(wire.Tree)["DeviceIndex"] = given[n].Int("DeviceIndex")
		out["Attachment"].(wire.Tree)["NetworkCardIndex"] = given[n].Int("NetworkCardIndex")
		if kind := given[n].Str("InterfaceType"); kind != "" {
			out["InterfaceType"] = kind
		}
	}
	if n == 0 {
		out["PrivateIpAddress"] = i.address.String()
		out["PrivateDnsName"] = r.dnsName(i)
	}
	return out
}

func (r *request) groupTrees(ids []string) []wire.Tree {
	var out []wire.Tree
	for _, g := range r.options.Setup.SecurityGroups {
		for _, id := range ids {
			if g.ID == id {
				out = append(out, wire.Tree{"GroupId": g.ID, "GroupName": g.Name})
			}
		}
	}
	return out
}

func (r *request) placementTree(i *instance) wire.Tree {
	tenancy := i.data.Tree("Placement").Str("Tenancy")
	if tenancy == "" {
		tenancy = "default"
	}
	out := wire.Tree{
		"AvailabilityZone": i.subnet.Zone, "AvailabilityZoneId": i.subnet.zoneID, "Tenancy": tenancy, "GroupName": "",
	}
	if i.group != nil {
		out["GroupName"], out["GroupId"] = i.group.Name, i.group.ID
		if i.partition > 0 {
			out["PartitionNumber"] = i.partition
		}
	}
	return out
}

func reservationSpecification(data wire.Tree) wire.Tree {
	given := data.Tree("CapacityReservationSpecification")
	preference := given.Str("CapacityReservationPreference")
	if preference == "" {
		preference = "open"
	}
	out := wire.Tree{"CapacityReservationPreference": preference}
	if id := given.Tree("CapacityReservationTarget").Str("CapacityReservationId"); id != "" {
		out["CapacityReservationTarget"] = wire.Tree{"CapacityReservationId": id}
	}
	return out
}

func monitoring(data wire.Tree) string {
	if data.Tree("Monitoring").Bool("Enabled") {
		return "enabled"
	}
	return "disabled"
}

// impairedSince is since when an instance has failed a check.
func (i *instance) impairedSince(check string, now time.Time) (time.Time, bool) {
	return i.impaired, !i.impaired.IsZero() && !now.Before(i.impaired) && (i.only == "" || i.only == check)
}
