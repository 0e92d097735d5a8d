// SPDX-License-Identifier: Apache-2.0

// Package networkplugin follows how the VPC network plugin is set up, on which it depends
// whether pods take addresses of their machine's subnet (AWS-432).
//
// What the settings mean is for package network to say. It may import nothing else of the
// provider.
//
// Cost: a live read of one DaemonSet after each change of it. The cache cannot be read: it
// holds no environment of containers.
//
// Start reading at [Look].
package networkplugin

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/aws/network"
)

// Name is the controller's name in logs and metrics (AWS-400).
const Name = "providers.networkplugin"

// key is the plugin's DaemonSet.
func key() client.ObjectKey {
	return client.ObjectKey{Namespace: network.PluginNamespace, Name: network.PluginName}
}

// Look reads how the plugin is set up now, past the cache. After an error what was known
// stays.
func Look(ctx context.Context, live client.Reader, plugin *network.Plugin) error {
	found := &appsv1.DaemonSet{}
	switch err := live.Get(ctx, key(), found); {
	case apierrors.IsNotFound(err):
		plugin.See(nil)
	case err != nil:
		return fmt.Errorf("reading DaemonSet %s: %w", key(), err)
	default:
		plugin.See(found)
	}
	return nil
}

// Options are what the controller works with; all are required.
type Options struct {
	// Live reads past the cache.
	Live   client.Reader
	Plugin *network.Plugin
}

// Controller keeps a Plugin up to date.
type Controller struct{ Options }

// New returns the controller providers.networkplugin.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager. It does not wait for the lead: who takes
// over launches at once.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	ours := predicate.NewPredicateFuncs(func(o client.Object) bool { return client.ObjectKeyFromObject(o) == key() })
	options := concurrency.Options[reconcile.Request](concurrency.Profile{Min: 1, Max: 1, Backoff: concurrency.Backoff{
		Base: time.Second, Longest: time.Minute, Rate: 10, Burst: 10,
	}}, 0)
	options.NeedLeaderElection = new(false)
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&appsv1.DaemonSet{}, builder.WithPredicates(ours, predicate.GenerationChangedPredicate{})).
		WithOptions(options).
		Complete(c)
}

// Reconcile looks at the plugin after a change.
func (c *Controller) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	return reconcile.Result{}, Look(ctx, c.Live, c.Plugin)
}
