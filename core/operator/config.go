// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/options"
)

// Config is what makes a binary of the core.
type Config struct {
	// Name of the binary, as --help shows it.
	Name string
	// Version is stamped by the build; empty means an unstamped build.
	Version string
	// AddToScheme registers the provider's API types.
	AddToScheme func(*runtime.Scheme) error
	// DeclareOptions adds the provider's flags; nil for none (OPS-009).
	DeclareOptions func(*options.Set)
	// Lease changes the Lease of leader election; nil for no change. It is called
	// with the cluster that Karpenter works in (OPS-058).
	Lease func(ctx context.Context, cluster *rest.Config) (election.Settings, error)
	// NewProvider builds the provider before anything runs. It may register
	// indexes and readiness checks with the manager, but not controllers.
	NewProvider func(context.Context, Setup) (Provider, error)
}

// Setup is what a provider is built from.
type Setup struct {
	// Manager gives the client, the cache and the scheme. Its cache answers once
	// the manager runs.
	Manager manager.Manager
	// Options of the core.
	Options options.Options
	// Recorder publishes events.
	Recorder events.Recorder
	// Registerer takes the provider's metrics.
	Registerer prometheus.Registerer
	// NodeClaims counts what happens to NodeClaims, whoever does it.
	NodeClaims *metrics.NodeClaims
	// Clock of the process.
	Clock clock.WithTicker
	// Clients makes clients of other clusters.
	Clients Clients
}

// Provider is what a binary adds to the core.
type Provider struct {
	// CloudProvider without layers; the operator puts them on (CP-075).
	CloudProvider cloudprovider.CloudProvider
	// Catalogue returns the instance types to be checked at start for labels that
	// are missing in the vocabulary (CP-006); nil if they cannot be known before
	// a pool is.
	Catalogue func(context.Context) ([]*cloudprovider.InstanceType, error)
	// Controllers of the provider; they run on the leader.
	Controllers []Controller
}

// Controller can be run by a manager.
type Controller interface {
	Register(context.Context, manager.Manager) error
}
