// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"

	"k8s.io/client-go/discovery"

	"karpenter.sh/core/operator"
	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/options"
)

// Start asks the cloud and the cluster for all that must be known before controllers
// run, in the order of AWS-002, and returns the provider. Whatever it fails at ends the
// process.
func Start(ctx context.Context, version string, settings options.Options, setup operator.Setup) (operator.Provider, error) {
	config, err := clients.Load(ctx, clients.Options{Version: version, Registerer: setup.Registerer, Clock: setup.Clock})
	if err != nil {
		return operator.Provider{}, err
	}
	services := clients.New(config)
	if err := clients.Probe(ctx, services.EC2); err != nil {
		return operator.Provider{}, err
	}
	rest := setup.Manager.GetConfig()
	server, err := discovery.NewDiscoveryClientForConfig(rest)
	if err != nil {
		return operator.Provider{}, fmt.Errorf("making a client for the version of the API server: %w", err)
	}
	log := setup.Manager.GetLogger().WithName("aws")
	known, err := cluster.Discover(ctx, cluster.Options{
		Name: settings.ClusterName, Endpoint: settings.ClusterEndpoint, CABundle: settings.ClusterCABundle,
		EKSVersion: settings.EKSControlPlane, EKS: services.EKS, Server: server, REST: rest,
		Reader: setup.Manager.GetAPIReader(), Log: log,
	})
	if err != nil {
		return operator.Provider{}, err
	}
	parts, err := New(Options{
		Settings: settings, Core: setup.Options, Region: config.Region, Services: services, Cluster: known,
		Client: setup.Manager.GetClient(), Live: setup.Manager.GetAPIReader(), Scheme: setup.Manager.GetScheme(),
		Events: setup.Recorder, Registerer: setup.Registerer, NodeClaims: setup.NodeClaims, Clock: setup.Clock, Log: log,
	})
	if err != nil {
		return operator.Provider{}, err
	}
	if err := parts.Load(ctx); err != nil {
		return operator.Provider{}, err
	}
	return operator.Provider{
		CloudProvider: parts.Provider,
		Controllers:   append(parts.Controllers(), nodeClassStatus(setup)),
	}, nil
}
