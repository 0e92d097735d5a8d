// SPDX-License-Identifier: Apache-2.0

// Package recovery finishes, after a restart or a change of leader, what the
// process before had launched: NodeClaims whose Node was still to appear
// (KWOK-031). What a process knows of such Nodes ends with it; everything needed
// to make them again is on the NodeClaim.
//
// It decides which NodeClaims these are. It runs once, and again until it has
// read everything.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/kwok/provider"
)

// Name is the controller's name in logs and metrics.
const Name = "instance.recovery"

// Resumer takes up the registration of a launched NodeClaim.
type Resumer interface {
	Resume(ctx context.Context, nodeClaim *v1.NodeClaim, launched time.Time) error
}

// retry is the most time from a failure to the next attempt.
const retry = 10 * time.Second

// Controller recovers launches.
type Controller struct {
	// Client reads from the cache.
	Client  client.Reader
	Resumer Resumer
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(retry)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile resumes what is to be resumed. After an error all of it is repeated,
// which does no harm.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	var claims v1.NodeClaimList
	if err := c.Client.List(ctx, &claims); err != nil {
		return reconciler.Result{}, fmt.Errorf("listing nodeclaims: %w", err)
	}
	var errs []error
	for i := range claims.Items {
		if launched, ok := Unfinished(&claims.Items[i]); ok {
			errs = append(errs, c.resume(ctx, &claims.Items[i], launched))
		}
	}
	return reconciler.Result{}, errors.Join(errs...)
}

func (c *Controller) resume(ctx context.Context, nodeClaim *v1.NodeClaim, launched time.Time) error {
	name := provider.NodeName(nodeClaim.Status.ProviderID)
	err := c.Client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Node{})
	if err == nil {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("getting Node %s: %w", name, err)
	}
	if err := c.Resumer.Resume(ctx, nodeClaim, launched); err != nil {
		return fmt.Errorf("resuming the registration of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	log.FromContext(ctx).Info("resumed the registration of a fake node", "NodeClaim", client.ObjectKeyFromObject(nodeClaim), "Node", client.ObjectKey{Name: name})
	return nil
}

// Unfinished reports whether a NodeClaim is launched, by this provider, and
// still waits for its Node, and since when.
func Unfinished(nodeClaim *v1.NodeClaim) (launched time.Time, ok bool) {
	launch := condition(nodeClaim, v1.ConditionTypeLaunched)
	if !launch.IsTrue() || condition(nodeClaim, v1.ConditionTypeRegistered).IsTrue() {
		return time.Time{}, false
	}
	if !nodeClaim.DeletionTimestamp.IsZero() || !provider.IsProviderID(nodeClaim.Status.ProviderID) {
		return time.Time{}, false
	}
	return launch.LastTransitionTime.Time, true
}

func condition(nodeClaim *v1.NodeClaim, conditionType string) *status.Condition {
	for i := range nodeClaim.Status.Conditions {
		if c := &nodeClaim.Status.Conditions[i]; c.Type == conditionType {
			return c
		}
	}
	return nil
}
