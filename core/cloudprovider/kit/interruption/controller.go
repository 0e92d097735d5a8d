// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/concurrency"
)

// Name is the controller's name in logs and metrics unless it is given another.
const Name = "interruption"

// parallel is how many messages are handled at a time (CP-121).
const parallel = 10

// Options are what the controller works with. All but Name, Deleted and Mark are
// required.
type Options struct {
	// Name in logs and metrics, for a second controller; empty means Name (KIT-156).
	Name string
	// Deleted is shared by the controllers of a process; nil means one of its own.
	Deleted *Deletions
	// Client reads from the cache, with the indexes of package index, and writes.
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	// Sources of messages.
	Sources []Source
	// Every is the time from one round to the next; 0 means at once, for sources
	// that wait by themselves.
	Every time.Duration
	// Kinds of NodeClasses that the provider manages.
	Kinds cloudprovider.NodeClassKinds
	// MachineID reads the cloud's own ID of a machine off a provider ID; empty if
	// it is not of this cloud.
	MachineID func(providerID string) string
	// Mark notes what the notice means for what can be bought (CP-085); nil notes
	// nothing. It may be called again for the same.
	Mark func(ctx context.Context, nodeClaim *v1.NodeClaim, notice Notice)
	// Events takes what users should see.
	Events events.Recorder
	// NodeClaims counts deletions.
	NodeClaims *metrics.NodeClaims
	// Clock dates forced terminations.
	Clock clock.PassiveClock
}

// Controller acts on notices.
type Controller struct {
	opts    Options
	deleted *Deletions
}

// New returns the controller interruption, or one of the name that is given.
func New(o Options) *Controller {
	if o.Name == "" {
		o.Name = Name
	}
	if o.Deleted == nil {
		o.Deleted = &Deletions{}
	}
	return &Controller{opts: o, deleted: o.Deleted}
}

// longest is the most time from an error to the next round: one that lasts must not keep
// the notices of other sources past their two minutes (KIT-150).
const longest = 10 * time.Second

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(c.opts.Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(longest)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round over all sources. One that fails stops no other
// (KIT-150).
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	var errs []error
	var all []Message
	for _, s := range c.opts.Sources {
		messages, err := s.Receive(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("receiving from %s: %w", s.Name(), err))
		}
		all = append(all, messages...)
	}
	errs = append(errs, c.handleAll(ctx, all)...)
	if err := errors.Join(errs...); err != nil {
		return reconciler.Result{}, err
	}
	if c.opts.Every == 0 {
		return reconciler.Result{RequeueAfter: singleton.RequeueImmediately}, nil
	}
	return reconciler.Result{RequeueAfter: c.opts.Every}, nil
}

func (c *Controller) handleAll(ctx context.Context, messages []Message) []error {
	if len(messages) == 0 {
		return nil
	}
	subjects, err := c.subjects(ctx)
	if err != nil {
		return []error{err}
	}
	return concurrency.Each(messages, parallel, func(_ int, m Message) error { return c.handle(ctx, m, subjects) })
}

// handle does what a message says, and then acknowledges it (KIT-151).
func (c *Controller) handle(ctx context.Context, m Message, subjects map[string][]*v1.NodeClaim) error {
	if m.Malformed != nil {
		log.FromContext(ctx).Error(m.Malformed, "dropping a message that cannot be read", "message", m.ID)
	}
	for _, notice := range m.Notices {
		for _, id := range notice.Machines {
			for _, nodeClaim := range subjects[id] {
				if err := c.act(ctx, nodeClaim, notice); err != nil {
					return fmt.Errorf("handling %s of message %s: %w", notice.Kind, m.ID, err)
				}
			}
		}
	}
	if m.Acknowledge == nil {
		return nil
	}
	if err := m.Acknowledge(ctx); err != nil {
		return fmt.Errorf("acknowledging message %s: %w", m.ID, err)
	}
	return nil
}

// subjects are the managed NodeClaims by the cloud's ID of their machine
// (KIT-152). Those that were deleted and are gone are forgotten.
func (c *Controller) subjects(ctx context.Context) (map[string][]*v1.NodeClaim, error) {
	var list v1.NodeClaimList
	if err := c.opts.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	c.deleted.keep(list.Items)
	out := map[string][]*v1.NodeClaim{}
	for i := range list.Items {
		nodeClaim := &list.Items[i]
		if id := c.machineOf(nodeClaim); id != "" {
			out[id] = append(out[id], nodeClaim)
		}
	}
	return out, nil
}

func (c *Controller) machineOf(nodeClaim *v1.NodeClaim) string {
	if nodeClaim.Status.ProviderID == "" || !c.opts.Kinds.Manages(nodeClaim.Spec.NodeClassRef) {
		return ""
	}
	return c.opts.MachineID(nodeClaim.Status.ProviderID)
}
