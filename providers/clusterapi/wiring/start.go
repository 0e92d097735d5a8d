// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"net/url"

	"karpenter.sh/core/operator"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/options"
)

// Start connects to the management cluster and returns the provider. Settings that cannot
// be right end the process. A management cluster that does not answer does not: the core
// works on meanwhile, and the process is not ready (CAPI-008, CAPI-009).
func Start(ctx context.Context, settings options.Options, setup operator.Setup) (operator.Provider, error) {
	connection, err := management.Connect(settings, setup.Manager.GetConfig())
	if err != nil {
		return operator.Provider{}, err
	}
	config := connection.Config
	if !connection.Joined {
		config = setup.Clients.Config(config)
	}
	log := setup.Manager.GetLogger().WithName("clusterapi")
	cluster, err := management.Open(ctx, management.Options{
		Config: config, Outdated: connection.Outdated, Namespace: settings.Namespace, Clock: setup.Clock, Log: log,
	})
	if err != nil {
		return operator.Provider{}, err
	}
	log.Info("using the management cluster", "server", shown(config.Host), "joined", connection.Joined, "version", cluster.Version())
	if err := setup.Manager.AddReadyzCheck("management-cluster", cluster.Ready); err != nil {
		return operator.Provider{}, fmt.Errorf("adding the check of the management cluster: %w", err)
	}
	if err := setup.Manager.Add(cluster); err != nil {
		return operator.Provider{}, fmt.Errorf("adding the cache of the management cluster: %w", err)
	}
	parts, err := New(Options{
		Settings: settings, Management: cluster, Client: setup.Manager.GetClient(), Live: setup.Manager.GetAPIReader(),
		Events: setup.Recorder, Registerer: setup.Registerer, Clock: setup.Clock, Log: log,
	})
	if err != nil {
		return operator.Provider{}, err
	}
	return operator.Provider{
		CloudProvider: parts.Provider,
		Controllers:   append(parts.Controllers(), operator.NodeClassStatus[*v1alpha1.ClusterAPINodeClass](setup)),
	}, nil
}

// shown is an address without what it may have of a password.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Redacted()
}
