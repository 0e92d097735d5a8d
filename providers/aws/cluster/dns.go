// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// findDNS returns the address of the DNS service; none is no error: nodes then use their
// image's default (AWS-002 (5)).
func (c *Cluster) findDNS(ctx context.Context) netip.Addr {
	key := client.ObjectKey{Namespace: "kube-system", Name: "kube-dns"}
	var service corev1.Service
	if err := c.opts.Reader.Get(ctx, key, &service); err != nil {
		c.opts.Log.V(1).Info("the cluster's DNS address is not known", "Service", key, "error", err.Error())
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(service.Spec.ClusterIP)
	if err != nil {
		c.opts.Log.V(1).Info("the DNS service has no cluster IP", "Service", key, "clusterIP", service.Spec.ClusterIP)
		return netip.Addr{}
	}
	return address
}
