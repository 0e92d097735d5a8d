// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/operator/options"
)

// environment is what the process gives to the operator.
type environment struct {
	options options.Options
	build   build
	log     logr.Logger
	clock   clock.WithTicker
	metrics ctrlmetrics.RegistererGatherer
	// clients have the fence, which keeps a replica that lost the lease from writing,
	// once there is an election.
	clients Clients
}

// run builds everything, runs it until the context ends, and gives up the
// lease.
func (c Config) run(ctx context.Context, env environment) error {
	env.announce()
	if err := env.build.register(env.metrics); err != nil {
		return err
	}
	types, err := c.types()
	if err != nil {
		return err
	}
	found, err := clusterConfig()
	if err != nil {
		return err
	}
	env.clients = newClients(env.options, env.build)
	client := env.clients.unfenced(found) // the fence comes with the election, which asks for the cluster
	elected, err := c.elect(ctx, env, client)
	if err != nil {
		return err
	}
	mgr, err := newManager(env, types, client, elected)
	if err != nil {
		return err
	}
	if elected != nil {
		env.clients.fence = elected.Fence()
	}
	if err := c.populate(ctx, env, mgr); err != nil {
		return err
	}
	return ended(ctx, env.log, lead(ctx, elected, mgr.Start))
}

// announce logs what is running.
func (env environment) announce() {
	env.log.V(1).Info("discovered karpenter version", "version", env.build.version)
	if constraints := env.options.DefaultTopologySpreadConstraints; len(constraints) > 0 { // OPS-045
		env.log.Info("using default topology spread constraints", "default-topology-spread-constraints", constraints)
	}
}

// announceStart logs what starts with what, in one record (OPS-287).
func (env environment) announceStart(s *shared) {
	log := env.log
	if s.onSale >= 0 {
		log = log.WithValues("instance-types", s.onSale)
	}
	log.Info("starting karpenter", "version", env.build.version, "feature-gates", env.options.FeatureGates.String(),
		"provider", s.provider.Name())
}

// types returns a scheme with the types of Kubernetes, ours and the provider's.
func (c Config) types() (*runtime.Scheme, error) {
	types := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme, v1beta1.AddToScheme, c.AddToScheme,
	} {
		if err := add(types); err != nil {
			return nil, fmt.Errorf("registering API types: %w", err)
		}
	}
	return types, nil
}

// populate adds endpoints, provider and controllers to the manager.
func (c Config) populate(ctx context.Context, env environment, mgr manager.Manager) error {
	kinds, err := newServedKinds(mgr)
	if err != nil {
		return err
	}
	probed, err := addEndpoints(ctx, env, mgr, kinds)
	if err != nil {
		return err
	}
	nodeClaims, err := metrics.NewNodeClaims(env.metrics)
	if err != nil {
		return err
	}
	setup := Setup{
		Manager:    probed,
		Options:    env.options,
		Recorder:   events.NewRecorder(eventSink(mgr), env.clock),
		Registerer: env.metrics,
		NodeClaims: nodeClaims,
		Clock:      env.clock,
		Clients:    env.clients,
	}
	provider, err := c.NewProvider(ctx, setup)
	if err != nil {
		return fmt.Errorf("starting the provider: %w", err)
	}
	shared, err := share(ctx, setup, provider, env.clients.fence)
	if err != nil {
		return err
	}
	env.announceStart(shared)
	start, err := newStart(shared, kinds)
	if err != nil {
		return err
	}
	return start.begin(ctx)
}

// ended judges how the manager ended. Work that did not end in time after a
// signal is abandoned, which every controller is made for.
func ended(ctx context.Context, log logr.Logger, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		log.Info("work was still running at the end of the shutdown", "error", err)
		return nil
	}
	return err
}
