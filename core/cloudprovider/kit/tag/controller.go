// SPDX-License-Identifier: Apache-2.0

package tag

import (
	"context"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclaim.tagging"

// Tagger adds tags to machines.
type Tagger interface {
	// Tag adds those tags of a NodeClaim's machine that are missing and leaves the
	// others (CP-115). A machine that is gone is a NodeClaimNotFoundError; an error
	// that no retry will mend is a reconcile.TerminalError.
	Tag(ctx context.Context, nodeClaim *v1.NodeClaim) error
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Kinds of NodeClasses that the provider manages.
	Kinds cloudprovider.NodeClassKinds
	// Tagger of the provider.
	Tagger Tagger
	// Done are the annotations that say that a machine is tagged. One that is
	// missing or has another value brings the NodeClaim to the tagger.
	Done map[string]string
	// Every is the time between two calls of the tagger (CP-094: 1 s).
	Every time.Duration
	// Clock paces the calls.
	Clock clock.PassiveClock
}

// Controller tags the machines of NodeClaims.
type Controller struct {
	opts  Options
	turns turns
}

// New returns the controller nodeclaim.tagging.
func New(o Options) *Controller {
	return &Controller{opts: o, turns: turns{every: o.Every, given: map[types.UID]time.Time{}}}
}

// Register adds the controller to a manager, with one worker.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), 0)).
		Complete(reconcile.AsReconciler[*v1.NodeClaim](c.opts.Client, c))
}

// Reconcile tags the machine of one NodeClaim (KIT-140 to KIT-142).
func (c *Controller) Reconcile(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	if !c.due(nodeClaim) {
		c.turns.leave(nodeClaim.UID)
		return reconcile.Result{}, nil
	}
	if wait := c.turns.take(nodeClaim.UID, c.opts.Clock.Now()); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	err := c.opts.Tagger.Tag(ctx, nodeClaim)
	switch {
	case cloudprovider.IsNodeClaimNotFoundError(err):
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("tagging machine %s of nodeclaim %s: %w", nodeClaim.Status.ProviderID, nodeClaim.Name, err)
	}
	return patch.Outcome(annotate(ctx, c.opts.Client, nodeClaim, c.opts.Done))
}

// due reports whether a NodeClaim is to be tagged (KIT-140).
func (c *Controller) due(nodeClaim *v1.NodeClaim) bool {
	return c.opts.Kinds.Manages(nodeClaim.Spec.NodeClassRef) && nodeClaim.DeletionTimestamp.IsZero() &&
		nodeClaim.Status.NodeName != "" && nodeClaim.Status.ProviderID != "" && !c.done(nodeClaim)
}

func (c *Controller) done(nodeClaim *v1.NodeClaim) bool {
	for key, value := range c.opts.Done {
		if nodeClaim.Annotations[key] != value {
			return false
		}
	}
	return true
}

// annotate adds annotations to what is stored, and leaves what was read as it is.
func annotate(ctx context.Context, c client.Client, before *v1.NodeClaim, annotations map[string]string) error {
	after := before.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	maps.Copy(after.Annotations, annotations)
	_, err := patch.Object(ctx, c, before, after)
	return err
}
