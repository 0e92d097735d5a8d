// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"slices"

	"karpenter.sh/test/cloudsim/wire"
)

func describeSubnets(r *request) (wire.Tree, error) {
	items, err := byIDs(r.subnets, r.in.Strs("SubnetIds"), func(s *subnet) string { return s.ID }, "InvalidSubnetID.NotFound", "subnet")
	if err != nil {
		return nil, err
	}
	items, err = selectBy(items, r.in.Trees("Filters"), attributes[*subnet]{
		values: map[string]func(*subnet) []string{
			"subnet-id":            one(func(s *subnet) string { return s.ID }),
			"availability-zone":    one(func(s *subnet) string { return s.Zone }),
			"availability-zone-id": one(func(s *subnet) string { return s.zoneID }),
			"vpc-id":               one(func(*subnet) string { return r.options.Setup.VPC }),
			"cidr-block":           one(func(s *subnet) string { return s.CIDR }),
			"owner-id":             one(func(*subnet) string { return r.options.Setup.Account }),
			"state":                one(func(*subnet) string { return "available" }),
		},
		tags: func(s *subnet) map[string]string { return s.Tags },
	})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	items, err = cut(r, items, func(s *subnet) string { return s.ID }, ec2Paging(), out)
	var list []wire.Tree
	for _, s := range items {
		list = append(list, r.subnetTree(s))
	}
	out["Subnets"] = list
	return out, err
}

func (c *Cloud) subnetTree(s *subnet) wire.Tree {
	return wire.Tree{
		"SubnetId": s.ID, "SubnetArn": c.arn("subnet/" + s.ID), "VpcId": c.options.Setup.VPC,
		"AvailabilityZone": s.Zone, "AvailabilityZoneId": s.zoneID, "CidrBlock": s.CIDR, "State": "available",
		"AvailableIpAddressCount": s.addresses.Free(), "OwnerId": c.options.Setup.Account,
		"DefaultForAz": false, "MapPublicIpOnLaunch": s.Public, "AssignIpv6AddressOnCreation": false,
		"Tags": tagTrees(s.Tags),
	}
}

func describeSecurityGroups(r *request) (wire.Tree, error) {
	id := func(g SecurityGroup) string { return g.ID }
	all := slices.Clone(r.options.Setup.SecurityGroups)
	slices.SortFunc(all, func(a, b SecurityGroup) int { return compare(a.ID, b.ID) })
	items, err := byIDs(all, r.in.Strs("GroupIds"), id, "InvalidGroup.NotFound", "security group")
	if err != nil {
		return nil, err
	}
	items, err = selectBy(items, r.in.Trees("Filters"), attributes[SecurityGroup]{
		values: map[string]func(SecurityGroup) []string{
			"group-id":   one(id),
			"group-name": one(func(g SecurityGroup) string { return g.Name }),
			"vpc-id":     one(r.vpcOf),
			"owner-id":   one(func(SecurityGroup) string { return r.options.Setup.Account }),
		},
		tags: func(g SecurityGroup) map[string]string { return g.Tags },
	})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	items, err = cut(r, items, id, ec2Paging(), out)
	var list []wire.Tree
	for _, g := range items {
		list = append(list, wire.Tree{
			"GroupId": g.ID, "GroupName": g.Name, "Description": g.Name, "OwnerId": r.options.Setup.Account,
			"VpcId": r.vpcOf(g), "Tags": tagTrees(g.Tags),
		})
	}
	out["SecurityGroups"] = list
	return out, err
}

func (c *Cloud) vpcOf(g SecurityGroup) string {
	if g.VPC != "" {
		return g.VPC
	}
	return c.options.Setup.VPC
}

// byIDs keeps the items with the given IDs, all if there are none. An ID that no item
// has is an error.
func byIDs[T any](items []T, ids []string, id func(T) string, code, kind string) ([]T, error) {
	if len(ids) == 0 {
		return items, nil
	}
	var out []T
	for _, item := range items {
		if slices.Contains(ids, id(item)) {
			out = append(out, item)
		}
	}
	for _, wanted := range ids {
		if !slices.ContainsFunc(out, func(item T) bool { return id(item) == wanted }) {
			return nil, wire.Errorf(code, "The %s ID '%s' does not exist", kind, wanted)
		}
	}
	return out, nil
}

func (c *Cloud) subnet(id string) *subnet {
	for _, s := range c.subnets {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// arn is the name of a resource of EC2.
func (c *Cloud) arn(resource string) string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:%s", c.options.Setup.Region, c.options.Setup.Account, resource)
}
