// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
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
func newManager(env environment, types *runtime.Scheme, config *rest.Config, lock resourcelock.Interface) (manager.Manager, error) {
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
	if lock != nil {
		options.LeaderElection = true
		options.LeaderElectionID = o.LeaderElectionName
		options.LeaderElectionResourceLockInterface = lock
	}
	mgr, err := manager.New(config, options)
	if err != nil {
		return nil, fmt.Errorf("making the controller manager: %w", err)
	}
	return mgr, nil
}

// elect prepares leader election, unless it is off (OPS-017), and keeps clients
// of the cluster from writing once the lease is lost.
func (c Config) elect(ctx context.Context, env environment, cluster *rest.Config) (lock resourcelock.Interface, flush func(), err error) {
	if env.options.DisableLeaderElection {
		return nil, func() {}, nil
	}
	var settings election.Settings
	if c.Lease != nil {
		if settings, err = c.Lease(ctx, cluster); err != nil {
			return nil, nil, fmt.Errorf("asking the provider about the lease: %w", err)
		}
	}
	e, err := election.New(election.Options{
		Namespace: env.options.LeaderElectionNamespace,
		Name:      env.options.LeaderElectionName,
		Cluster:   cluster,
		Settings:  settings,
		Clock:     env.clock,
	})
	if err != nil {
		return nil, nil, err
	}
	e.Guard(cluster)
	return e.Lock(), e.Flush, nil
}
