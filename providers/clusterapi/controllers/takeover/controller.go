// SPDX-License-Identifier: Apache-2.0

// Package takeover names the instance type of NodeClaims that were launched without one:
// by a release that gave types no names (CAPI-026). Without the name such a NodeClaim would
// drift, for there is no type that it could be of.
//
// It decides which NodeClaims these are. It works once, on the leader, and until it has,
// instance types are not to be told to anybody ([Controller.Done]). What the API server
// refuses for minutes holds nobody up, and is tried again rarely. A NodeClaim whose Machine or
// MachineDeployment is gone stays as it is: nobody knows of which type it was.
//
// Start reading at [Controller.Reconcile].
package takeover

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclaim.takeover"

const (
	// retry is the most time from a failure to the next attempt.
	retry = 10 * time.Second
	// attempts is how often writes may be refused before nobody waits for them any more.
	attempts = 20
	// rarely is how often they are tried again then.
	rarely = time.Hour
)

// ErrUnderWay says that NodeClaims without a type are still being looked for.
var ErrUnderWay = errors.New("nodeclaims of earlier releases are still being taken over")

// Types tells of which instance type a NodeClaim is.
type Types interface {
	// TypeOf returns the name of the type of the Machine that a NodeClaim has; empty if
	// that is gone, or has no type whose name a label may have.
	TypeOf(ctx context.Context, nodeClaim *v1.NodeClaim) (string, error)
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache of the workload cluster and writes.
	Client client.Client
	// Kind of NodeClass that makes a NodeClaim ours.
	Kind  nodeclass.Kind
	Types Types
}

// Controller is nodeclaim.takeover.
type Controller struct {
	opts Options
	done atomic.Bool
	// refused is how many rounds had writes that were refused.
	refused int
}

// New returns the controller.
func New(o Options) *Controller { return &Controller{opts: o} }

// Done returns ErrUnderWay until all NodeClaims that there were have their types, or it is
// not worth to wait for it.
func (c *Controller) Done() error {
	if c.done.Load() {
		return nil
	}
	return ErrUnderWay
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(retry)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile looks at all NodeClaims. After an error it does so again, and rarely while only
// refusals are left that nobody waits for any more.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	var list v1.NodeClaimList
	if err := c.opts.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return reconciler.Result{}, fmt.Errorf("listing nodeclaims: %w", err)
	}
	var failed, refused []error
	for i := range list.Items {
		nodeClaim := &list.Items[i]
		if !c.nameless(nodeClaim) {
			continue
		}
		typeName, err := c.opts.Types.TypeOf(ctx, nodeClaim)
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("finding the instance type of NodeClaim %s: %w", nodeClaim.Name, err))
		case typeName != "":
			if err := c.name(ctx, nodeClaim, typeName); isRefusal(err) {
				refused = append(refused, err)
			} else {
				failed = append(failed, err)
			}
		}
	}
	return c.judge(ctx, errors.Join(failed...), errors.Join(refused...))
}

// isRefusal holds for answers of the API server that it would give again: an outage or a
// conflict ends, and is waited for.
func isRefusal(err error) bool {
	var answered apierrors.APIStatus
	if !errors.As(err, &answered) {
		return false
	}
	switch code := answered.Status().Code; code {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return false
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

// judge decides whether anybody is still to wait, and when what is left is tried again.
func (c *Controller) judge(ctx context.Context, failed, refused error) (reconciler.Result, error) {
	if refused != nil {
		c.refused++
	}
	switch {
	case failed != nil || (refused != nil && c.refused < attempts):
		return reconciler.Result{}, errors.Join(failed, refused)
	case refused == nil:
		c.done.Store(true)
		return reconciler.Result{}, nil
	}
	if !c.done.Swap(true) {
		log.FromContext(ctx).Error(refused, "no longer waiting for NodeClaims whose instance type cannot be written: they may drift")
	}
	return reconciler.Result{RequeueAfter: rarely}, nil
}

// nameless holds for NodeClaims of ours that have a machine of no type.
func (c *Controller) nameless(nodeClaim *v1.NodeClaim) bool {
	ref := nodeClaim.Spec.NodeClassRef
	return c.opts.Kind.Names(ref, ref.Name) && nodeClaim.Status.ProviderID != "" && nodeClaim.Labels[corev1.LabelInstanceTypeStable] == ""
}

// name writes the type of a NodeClaim.
func (c *Controller) name(ctx context.Context, nodeClaim *v1.NodeClaim, typeName string) error {
	named := nodeClaim.DeepCopy()
	if named.Labels == nil {
		named.Labels = map[string]string{}
	}
	named.Labels[corev1.LabelInstanceTypeStable] = typeName
	if _, err := patch.Object(ctx, c.opts.Client, nodeClaim, named); err != nil {
		return client.IgnoreNotFound(err)
	}
	log.FromContext(ctx).Info("named the instance type of a NodeClaim", "NodeClaim", nodeClaim.Name, "instance-type", typeName)
	return nil
}
