// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"slices"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// HashVersion is the version of the static hash. Others write v1 with hashes of their
// own: with another name a cluster that is taken over is stamped anew, and no node
// drifts (CP-105). It changes whenever the hash of an unchanged ProxmoxNodeClass would.
const HashVersion = "core-v1"

// HashScheme is what is hashed of a ProxmoxNodeClass.
func HashScheme() statichash.Scheme[*ProxmoxNodeClass] {
	return statichash.Scheme[*ProxmoxNodeClass]{Kind: Kind(), Version: HashVersion, Hash: (*ProxmoxNodeClass).Hash}
}

// staticFields are the fields for which machines are replaced (PVE-015). The names are
// part of the hash.
type staticFields struct {
	Region               string
	ZoneBalance          ZoneBalance
	InstanceTemplateRef  *InstanceTemplateRef
	BootDeviceBytes      int64
	BootDeviceStorage    string
	KubeletConfiguration *KubeletConfiguration
}

// Hash is the static hash. Sizes are compared by quantity, and what is unset by what
// holds instead. It is empty if a part of the spec could not be read, since what is
// missing would pass for a change.
func (c *ProxmoxNodeClass) Hash() (string, error) {
	if len(c.UnreadableSpec()) > 0 {
		return "", nil
	}
	size, err := c.Spec.BootDeviceSize()
	if err != nil {
		return "", err
	}
	sum, err := statichash.Of(staticFields{
		Region: c.Spec.Region, ZoneBalance: c.Spec.Balance(), InstanceTemplateRef: c.Spec.InstanceTemplateRef,
		BootDeviceBytes: size.Value(), BootDeviceStorage: c.Spec.BootDeviceStorage(),
		KubeletConfiguration: c.Spec.KubeletConfiguration,
	})
	if err != nil {
		return "", err
	}
	return statichash.Decimal(sum), nil
}

// inPlaceFields are the fields that reach machines that run (PVE-088).
type inPlaceFields struct {
	Tags           []string
	SecurityGroups []placedGroup
	ResourcePool   string
}

// placedGroup is a security group with its place: rules have an order, and the hash of
// a list has none.
type placedGroup struct {
	Position        int
	Name, Interface string
}

// InPlaceHash is the hash of what machines that run are brought to. The order of tags
// does not matter, that of security groups does. It is empty if a part of the spec could
// not be read.
func (c *ProxmoxNodeClass) InPlaceHash() (string, error) {
	if len(c.UnreadableSpec()) > 0 {
		return "", nil
	}
	fields := inPlaceFields{Tags: set(c.Spec.Tags), ResourcePool: c.Spec.ResourcePool}
	for i, group := range c.Spec.SecurityGroups {
		if group.Interface == "" {
			group.Interface = DefaultInterface
		}
		fields.SecurityGroups = append(fields.SecurityGroups, placedGroup{Position: i + 1, Name: group.Name, Interface: group.Interface})
	}
	sum, err := statichash.Of(fields)
	if err != nil {
		return "", err
	}
	return statichash.Decimal(sum), nil
}

// set is a list without repetitions, in order; nil if it is empty. In the hash of a list
// two equal elements would cancel.
func set(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
