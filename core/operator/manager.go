// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/trim"
)

// shutdownPatience is how long a shutdown waits for running work (OPS-060).
const shutdownPatience = 30 * time.Second

// newManager makes the manager that runs everything. Metrics and probes are served
// by servers of our own.
func newManager(env environment, types *runtime.Scheme, config *rest.Config, e *election.Election) (manager.Manager, error) {
	o := env.options
	options := manager.Options{
		Scheme:                        types,
		Logger:                        env.log,
		Cache:                         trim.CacheOptions(),
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:        "0",
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 ptr.To(election.LeaseDuration),
		RenewDeadline:                 ptr.To(election.RenewDeadline),
		RetryPeriod:                   ptr.To(election.RetryPeriod),
		GracefulShutdownTimeout:       ptr.To(shutdownPatience),
		Controller: ctrlconfig.Controller{
			EnableWarmup:     ptr.To(!o.DisableControllerWarmup),
			CacheSyncTimeout: kindPatience,
		},
	}
	if e != nil {
		options.LeaderElection = true
		options.LeaderElectionID = o.LeaderElectionName
		options.LeaderElectionResourceLockInterface = e.Lock()
	}
	mgr, err := manager.New(config, options)
	if err != nil {
		return nil, fmt.Errorf("making the controller manager: %w", err)
	}
	return mgr, nil
}

// elect prepares leader election, and keeps clients of the cluster from writing
// once the lease is lost. It returns nil if election is off (OPS-017).
func (c Config) elect(ctx context.Context, env environment, cluster *rest.Config) (*election.Election, error) {
	if env.options.DisableLeaderElection {
		return nil, nil
	}
	var settings election.Settings
	if c.Lease != nil {
		var err error
		if settings, err = c.Lease(ctx, cluster); err != nil {
			return nil, fmt.Errorf("asking the provider about the lease: %w", err)
		}
	}
	e, err := election.New(election.Options{
		Namespace: env.options.LeaderElectionNamespace,
		Name:      env.options.LeaderElectionName,
		Cluster:   cluster,
		Settings:  settings,
		Clock:     env.clock, Registerer: env.metrics,
	})
	if err != nil {
		return nil, err
	}
	e.Guard(cluster)
	return e, nil
}

// lead runs the manager until it ends or the lease is lost. Then nothing is
// waited for: whatever still runs acts for a leader that is none (OPS-059).
func lead(ctx context.Context, e *election.Election, run func(context.Context) error) error {
	if e == nil {
		return run(ctx)
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	lost, ended := make(chan error, 1), make(chan error, 1)
	go func() { lost <- e.Fence().AwaitLoss(watching) }()
	go func() { ended <- run(ctx) }()
	select {
	case err := <-lost:
		return err
	case err := <-ended:
		e.Flush()
		return err
	}
}
