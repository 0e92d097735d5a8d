// SPDX-License-Identifier: Apache-2.0

package tag

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// NameInPlace is the name of the controller of in-place updates in logs and
// metrics.
const NameInPlace = "nodeclaim.inplaceupdate"

// unregistered is when to look again at a NodeClaim without a machine that runs.
const unregistered = time.Minute

// Updater applies to machines that run what their NodeClass says (CP-124).
type Updater interface {
	// Hash of what is to be on the machine of a NodeClaim; empty if nothing is,
	// since its NodeClass is gone.
	Hash(ctx context.Context, nodeClaim *v1.NodeClaim) (string, error)
	// Update makes the machine so. It compares with the machine as it is, so that
	// a repeat costs nothing. A machine that is gone is a NodeClaimNotFoundError.
	Update(ctx context.Context, nodeClaim *v1.NodeClaim) error
}

// InPlaceOptions are what the controller works with; all but Backoff are required.
type InPlaceOptions struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Kind of the NodeClass.
	Kind nodeclass.Kind
	// NodeClass is an empty one, to be watched; its status too, as hashes may be
	// over what was resolved (KIT-146).
	NodeClass client.Object
	// Updater of the provider.
	Updater Updater
	// Annotation holds the hash of what was applied: <group>/in-place-update-hash.
	Annotation string
	// Backoff delays the repeat of an update that failed; zero: the default of
	// controllers.
	Backoff concurrency.Backoff
}

// InPlace updates machines in place.
type InPlace struct{ opts InPlaceOptions }

// NewInPlace returns the controller nodeclaim.inplaceupdate.
func NewInPlace(o InPlaceOptions) *InPlace { return &InPlace{opts: o} }

// Register adds the controller to a manager.
func (c *InPlace) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Fixed(10)
	if c.opts.Backoff != (concurrency.Backoff{}) {
		profile.Backoff = c.opts.Backoff
	}
	return builder.ControllerManagedBy(m).
		Named(NameInPlace).
		For(&v1.NodeClaim{}).
		Watches(c.opts.NodeClass, handler.EnqueueRequestsFromMapFunc(c.NodeClaims), builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[*v1.NodeClaim](c.opts.Client, c))
}

// NodeClaims asks for the NodeClaims of a NodeClass (KIT-146).
func (c *InPlace) NodeClaims(ctx context.Context, nodeClass client.Object) []reconcile.Request {
	claims, err := c.opts.Kind.NodeClaims(ctx, c.opts.Client, nodeClass.GetName())
	if err != nil {
		log.FromContext(ctx).Error(err, "finding the nodeclaims to update in place")
		return nil
	}
	requests := make([]reconcile.Request, len(claims))
	for i, claim := range claims {
		requests[i].NamespacedName = types.NamespacedName{Name: claim.Name}
	}
	return requests
}

// Reconcile updates the machine of one NodeClaim (KIT-145).
func (c *InPlace) Reconcile(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	ref := nodeClaim.Spec.NodeClassRef
	if !c.opts.Kind.Names(ref, ref.Name) || !nodeClaim.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	hash, err := c.opts.Updater.Hash(ctx, nodeClaim)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("reading what nodeclaim %s is to have in place: %w", nodeClaim.Name, err)
	}
	if hash == "" || hash == nodeClaim.Annotations[c.opts.Annotation] {
		return reconcile.Result{}, nil
	}
	if nodeClaim.Status.ProviderID == "" || !registered(nodeClaim) {
		return reconcile.Result{RequeueAfter: unregistered}, nil
	}
	switch err := c.opts.Updater.Update(ctx, nodeClaim); {
	case cloudprovider.IsNodeClaimNotFoundError(err):
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("updating machine %s of nodeclaim %s in place: %w", nodeClaim.Status.ProviderID, nodeClaim.Name, err)
	}
	return patch.Outcome(annotate(ctx, c.opts.Client, nodeClaim, map[string]string{c.opts.Annotation: hash}))
}

func registered(nodeClaim *v1.NodeClaim) bool {
	for _, condition := range nodeClaim.Status.Conditions {
		if condition.Type == v1.ConditionTypeRegistered {
			return condition.IsTrue()
		}
	}
	return false
}
