// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
)

// CollectorName is the controller's name in logs and metrics (AWS-400).
const CollectorName = "instanceprofile.garbagecollection"

const (
	interval = 30 * time.Minute
	// settled is how long a profile must have been seen unused. A process that has
	// just begun does not know what its predecessor replaced.
	settled = 15 * time.Minute
)

// CollectorOptions are what the collector works with; all are required.
type CollectorOptions struct {
	// Client reads from the cache, Live past it.
	Client, Live client.Reader
	Profiles     *Profiles
}

// Collector deletes profiles that nothing uses (AWS-343).
type Collector struct {
	CollectorOptions
	// unused is since when profiles were seen unused. Only rounds use it, of which
	// there is one at a time.
	unused map[string]time.Time
}

// NewCollector returns the controller instanceprofile.garbagecollection.
func NewCollector(o CollectorOptions) *Collector { return &Collector{CollectorOptions: o} }

// Register adds the controller to a manager, unless IAM cannot be reached.
func (c *Collector) Register(_ context.Context, m manager.Manager) error {
	if c.Profiles.opts.Isolated {
		return nil
	}
	return builder.ControllerManagedBy(m).
		Named(CollectorName).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(interval)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round. A profile that cannot be deleted holds up no other.
func (c *Collector) Reconcile(ctx context.Context) (reconciler.Result, error) {
	unused, err := c.find(ctx)
	if err != nil {
		return reconciler.Result{}, err
	}
	var errs []error
	for _, profile := range unused {
		if err := c.Profiles.remove(ctx, profile); err != nil {
			errs = append(errs, fmt.Errorf("deleting unused instance profile %s: %w", profile.Name, err))
			continue
		}
		log.FromContext(ctx).Info("deleted unused instance profile", "instance-profile", profile.Name)
	}
	return reconciler.Result{RequeueAfter: interval}, errors.Join(errs...)
}

// find returns the profiles to delete. IAM is listed before the API server, so that
// one whose use is written in between is not taken for unused; the API server itself
// has the last word over its cache.
func (c *Collector) find(ctx context.Context) ([]Profile, error) {
	scope := c.Profiles.opts.Scope
	listed, err := c.Profiles.list(ctx, scope.Path())
	if err != nil {
		return nil, err
	}
	cached, err := readUses(ctx, c.Client, scope)
	if err != nil {
		return nil, err
	}
	due := c.due(slices.DeleteFunc(listed, cached.has))
	if len(due) == 0 {
		return nil, nil
	}
	live, err := readUses(ctx, c.Live, scope)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(due, live.has), nil
}

// due are those of the unused profiles that are neither new, nor protected, nor seen
// unused for the first time. It remembers them all.
func (c *Collector) due(unused []Profile) []Profile {
	now := c.Profiles.opts.Clock.Now()
	since := map[string]time.Time{}
	var out []Profile
	for _, profile := range unused {
		first, known := c.unused[profile.Name]
		if !known {
			first = now
		}
		since[profile.Name] = first
		young := now.Sub(profile.Created) < protection
		if !young && now.Sub(first) >= settled && !c.Profiles.Protected(profile.Name) {
			out = append(out, profile)
		}
	}
	c.unused = since
	return out
}
