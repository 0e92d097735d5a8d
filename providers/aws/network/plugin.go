// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strconv"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
)

// The DaemonSet of the VPC network plugin.
const (
	PluginNamespace = "kube-system"
	PluginName      = "aws-node"
)

// customNetworking is the setting of the plugin that puts pods into other subnets.
const customNetworking = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"

// Plugin is what is known of the VPC network plugin (AWS-432). It is safe for concurrent
// use.
type Plugin struct {
	ipv6  bool
	takes atomic.Bool
}

// NewPlugin returns one of which nothing is known yet: pods take no addresses. On IPv6
// clusters they never do: what a subnet runs out of is IPv4 addresses.
func NewPlugin(ipv6 bool) *Plugin { return &Plugin{ipv6: ipv6} }

// See takes in how the plugin is set up now; nil means that it is not there.
func (p *Plugin) See(plugin *appsv1.DaemonSet) {
	p.takes.Store(!p.ipv6 && plugin != nil && !custom(plugin))
}

// PodsTakeAddresses reports whether pods get addresses from their machine's subnet: the
// plugin is there and is not set up for custom networking. It may change at any time.
func (p *Plugin) PodsTakeAddresses() bool { return p.takes.Load() }

// custom reports whether pods are put into subnets of their own.
func custom(plugin *appsv1.DaemonSet) bool {
	for _, container := range plugin.Spec.Template.Spec.Containers {
		for _, env := range container.Env {
			if on, err := strconv.ParseBool(env.Value); env.Name == customNetworking && err == nil && on {
				return true
			}
		}
	}
	return false
}
