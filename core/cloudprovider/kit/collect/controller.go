// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
)

// Name is the controller's name in logs and metrics.
const Name = "instance.garbagecollection"

// parallel is how many orphans are deleted at a time (CP-117).
const parallel = 100

// Machines is what of a provider the controller works with; a
// cloudprovider.CloudProvider is one.
type Machines interface {
	List(context.Context) ([]*v1.NodeClaim, error)
	Delete(context.Context, *v1.NodeClaim) error
}

// Schedule is when rounds follow one another (KIT-135).
type Schedule struct {
	// First is the interval after each of the first Rounds successful rounds; Then
	// is the one after all others.
	First, Then time.Duration
	Rounds      int
}

// after is the interval after so many successful rounds.
func (s Schedule) after(rounds int64) time.Duration {
	if rounds <= int64(s.Rounds) {
		return s.First
	}
	return s.Then
}

// Options are what the controller works with. All but KeepNodes are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index, and deletes
	// Nodes.
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	// Machines of the provider.
	Machines Machines
	// Rule says what an orphan is.
	Rule Rule
	// Schedule of the rounds.
	Schedule Schedule
	// KeepNodes leaves Nodes alone, for a provider whose machines are their Nodes.
	KeepNodes bool
	// Clock ages machines.
	Clock clock.PassiveClock
}

// Controller collects orphans.
type Controller struct {
	opts Options
	// rounds counts the successful ones.
	rounds atomic.Int64
}

// New returns the controller instance.garbagecollection.
func New(o Options) *Controller { return &Controller{opts: o} }

// pace makes one round at a time. After an error the next comes no later than after a
// success, so that one orphan that cannot be deleted holds up no other (KIT-135).
func (c *Controller) pace() controller.Options {
	return concurrency.Loop(max(time.Second, c.opts.Schedule.Then))
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(c.pace()).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round (KIT-132). An error about one orphan does not stop the
// others.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	unclaimed, err := c.unclaimed(ctx)
	if err != nil {
		return reconciler.Result{}, err
	}
	errs := concurrency.Each(unclaimed, parallel, func(_ int, machine *v1.NodeClaim) error { return c.collect(ctx, machine) })
	if err := errors.Join(errs...); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: c.opts.Schedule.after(c.rounds.Add(1))}, nil
}

// unclaimed are the machines to collect by the cache and, if there are any, by the
// API server (KIT-133).
func (c *Controller) unclaimed(ctx context.Context) ([]*v1.NodeClaim, error) {
	machines, err := c.opts.Machines.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing machines: %w", err)
	}
	for _, reader := range []client.Reader{c.opts.Client, c.opts.Live} {
		if len(machines) == 0 {
			return nil, nil
		}
		var claims v1.NodeClaimList
		if err := reader.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing nodeclaims: %w", err)
		}
		if machines, err = c.unfinished(ctx, c.opts.Rule.unclaimed(machines, claims.Items, c.opts.Clock.Now())); err != nil {
			return nil, err
		}
	}
	return machines, nil
}

// unfinished leaves out the machines that terminate and have no Node left: nothing
// is to be done about them.
func (c *Controller) unfinished(ctx context.Context, machines []*v1.NodeClaim) ([]*v1.NodeClaim, error) {
	var out []*v1.NodeClaim
	for _, m := range machines {
		if terminating(m) {
			nodes, err := c.nodes(ctx, m.Status.ProviderID)
			if err != nil {
				return nil, err
			}
			if len(nodes) == 0 {
				continue
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// collect deletes a machine, unless it terminates already, and then its Node.
func (c *Controller) collect(ctx context.Context, machine *v1.NodeClaim) error {
	id := machine.Status.ProviderID
	if !terminating(machine) {
		if err := c.opts.Machines.Delete(ctx, machine); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
			return fmt.Errorf("deleting orphaned machine %s: %w", cmp.Or(id, machine.Name), err)
		}
		log.FromContext(ctx).Info("deleted machine without nodeclaim", "provider-id", id, "machine", machine.Name)
	}
	return c.deleteNodes(ctx, id)
}

// nodes are those of a machine that the controller may delete.
func (c *Controller) nodes(ctx context.Context, providerID string) ([]corev1.Node, error) {
	if c.opts.KeepNodes || providerID == "" { // Nodes without one are anybody's
		return nil, nil
	}
	return index.Nodes(ctx, c.opts.Client, providerID)
}

// deleteNodes deletes the very Nodes that are of a machine (KIT-134).
func (c *Controller) deleteNodes(ctx context.Context, providerID string) error {
	nodes, err := c.nodes(ctx, providerID)
	if err != nil {
		return err
	}
	for i := range nodes {
		node := nodes[i].DeepCopy()
		err := c.opts.Client.Delete(ctx, node, client.Preconditions{UID: &node.UID})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("deleting Node %s of machine %s: %w", node.Name, providerID, err)
		}
	}
	return nil
}
