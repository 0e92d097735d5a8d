// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/operator"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/options"
)

// namespaceFile tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Start reads the files and what must be known of the cluster, and returns the provider.
// Whatever it fails at ends the process.
func Start(ctx context.Context, settings options.Options, setup operator.Setup) (operator.Provider, error) {
	m := setup.Manager
	direct, err := client.New(m.GetConfig(), client.Options{HTTPClient: m.GetHTTPClient(), Scheme: m.GetScheme(), Mapper: m.GetRESTMapper()})
	if err != nil {
		return operator.Provider{}, fmt.Errorf("making a client past the cache: %w", err)
	}
	version, err := versionOf(m)
	if err != nil {
		return operator.Provider{}, err
	}
	cluster, err := identity(ctx, settings.ClusterName, m.GetAPIReader())
	if err != nil {
		return operator.Provider{}, err
	}
	namespace := ownNamespace(setup.Options.LeaderElectionNamespace)
	secrets, err := secretCache(m, namespace)
	if err != nil {
		return operator.Provider{}, err
	}
	parts, err := New(ctx, Options{
		Settings: settings, Cluster: cluster, Namespace: namespace, Version: version,
		Client: m.GetClient(), Direct: direct, Objects: m.GetCache(), Secrets: secrets,
		Events: setup.Recorder, Clock: setup.Clock, Log: m.GetLogger().WithName("proxmox"),
	})
	if err != nil {
		return operator.Provider{}, err
	}
	if err := m.AddReadyzCheck("proxmox", func(*http.Request) error { return parts.Reached() }); err != nil {
		return operator.Provider{}, fmt.Errorf("adding the readiness check of Proxmox VE: %w", err)
	}
	if err := m.Add(parts.Prober()); err != nil {
		return operator.Provider{}, fmt.Errorf("adding the probe of Proxmox VE: %w", err)
	}
	return operator.Provider{
		CloudProvider: parts.Provider,
		Controllers:   append(parts.Controllers(), operator.NodeClassStatus[*v1alpha1.ProxmoxNodeClass](setup)),
	}, nil
}

// versionOf asks the API server for its version.
func versionOf(m manager.Manager) (func(context.Context) (string, error), error) {
	server, err := discovery.NewDiscoveryClientForConfigAndClient(m.GetConfig(), m.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("making a client for the version of the API server: %w", err)
	}
	return func(context.Context) (string, error) {
		info, err := server.ServerVersion()
		if err != nil {
			return "", fmt.Errorf("asking the API server for its version: %w", err)
		}
		return info.GitVersion, nil
	}, nil
}

// identity is what the cluster is called in the notes of its machines (CP-115).
func identity(ctx context.Context, name string, live client.Reader) (string, error) {
	if name != "" {
		return name, nil
	}
	namespace := &corev1.Namespace{}
	if err := live.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, namespace); err != nil {
		return "", fmt.Errorf("reading the identity of the cluster, namespace %s: %w", metav1.NamespaceSystem, err)
	}
	return string(namespace.UID), nil
}

// ownNamespace is the pod's own; outside of pods that of the lease, else kube-system.
func ownNamespace(lease string) string {
	if text, err := os.ReadFile(namespaceFile); err == nil {
		if name := strings.TrimSpace(string(text)); name != "" {
			return name
		}
	}
	if lease != "" {
		return lease
	}
	return metav1.NamespaceSystem
}

// secretCache watches Secrets in the two namespaces where the chart allows it. It runs with
// the manager.
func secretCache(m manager.Manager, namespace string) (cache.Cache, error) {
	c, err := cache.New(m.GetConfig(), cache.Options{
		HTTPClient: m.GetHTTPClient(), Scheme: m.GetScheme(), Mapper: m.GetRESTMapper(),
		DefaultNamespaces: map[string]cache.Config{namespace: {}, metav1.NamespaceSystem: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache of secrets: %w", err)
	}
	if err := m.Add(withCache{c}); err != nil {
		return nil, fmt.Errorf("adding the cache of secrets: %w", err)
	}
	return c, nil
}

// withCache is what a manager starts with its caches.
type withCache struct{ cache.Cache }

// GetCache tells the manager that it is one.
func (w withCache) GetCache() cache.Cache { return w.Cache }
