// SPDX-License-Identifier: Apache-2.0

package network

import (
	"math"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
)

// Demand is what decides how many addresses a machine takes from its subnet.
type Demand struct {
	// Capacity is how many pods the machine can hold: for a launch the least among the
	// launchable types of the zone and capacity type, for a machine that of its type.
	Capacity int64
	// Asked is how many pods the NodeClaim asks room for; 0 is not known.
	Asked int64
	// PodsTakeAddresses says that pods get theirs from the machine's subnet.
	PodsTakeAddresses bool
}

// Addresses is how many addresses are taken; at least 1, the machine's own (AWS-131).
// Of pods those count that the NodeClaim asks room for, as far as the machine holds
// them: a large type is not refused for pods that nobody has.
func (d Demand) Addresses() int64 {
	if !d.PodsTakeAddresses {
		return 1
	}
	pods := max(d.Capacity, 0)
	if d.Asked > 0 {
		pods = min(pods, d.Asked)
	}
	return 1 + min(pods, math.MaxInt64-1)
}

// The DaemonSet of the VPC network plugin.
const (
	PluginNamespace = "kube-system"
	PluginName      = "aws-node"
)

// customNetworking is the setting of the plugin that puts pods into other subnets.
const customNetworking = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"

// PodsTakeAddresses reports whether pods get addresses from their machine's subnet:
// the plugin's DaemonSet is there (nil: it is not), is not set up for custom
// networking, and the cluster is not IPv6, whose pods take no IPv4 addresses, which
// are what a subnet runs out of (AWS-432).
func PodsTakeAddresses(plugin *appsv1.DaemonSet, ipv6 bool) bool {
	if plugin == nil || ipv6 {
		return false
	}
	for _, container := range plugin.Spec.Template.Spec.Containers {
		for _, env := range container.Env {
			if custom, err := strconv.ParseBool(env.Value); env.Name == customNetworking && err == nil && custom {
				return false
			}
		}
	}
	return true
}
