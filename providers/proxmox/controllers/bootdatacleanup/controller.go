// SPDX-License-Identifier: Apache-2.0

// Package bootdatacleanup takes away what a machine was booted with, once its node works:
// the medium, which holds secrets, and the bootstrap token (PVE-099).
//
// A NodeClaim that is being deleted loses its token only: the medium goes with the machine.
// Tokens that nobody came back for are for package expiredtokens.
//
// Cost: one list of the region's machines and a few calls for each NodeClaim, once.
//
// Start reading at [Controller].
package bootdatacleanup

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclaim.bootdata"

// Ejector takes media away. A machine that has gone is a NodeClaimNotFoundError.
type Ejector interface {
	Eject(ctx context.Context, nodeClaim *v1.NodeClaim) error
}

// Revoker deletes bootstrap tokens, by ID. One that is gone already is no error.
type Revoker interface {
	Revoke(ctx context.Context, id string) error
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	Media  Ejector
	Tokens Revoker
}

// Controller cleans up after boots.
type Controller struct{ Options }

// New returns the controller nodeclaim.bootdata.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{Base: 5 * time.Second, Longest: time.Minute, Rate: 10, Burst: 100}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[*v1.NodeClaim](c.Client, c))
}

// Work is what is to be done for a NodeClaim.
type Work int

const (
	// None: nothing is, or not yet.
	None Work = iota
	// Revoke: its token goes, and that is written down as for CleanUp, since what is left
	// goes with the machine.
	Revoke
	// CleanUp: its medium and its token go, and that is written down.
	CleanUp
)

// WorkOf says what is to be done for a NodeClaim.
func WorkOf(nodeClaim *v1.NodeClaim) Work {
	ref := nodeClaim.Spec.NodeClassRef
	switch {
	case !v1alpha1.Kind().Names(ref, ref.Name), nodeClaim.Annotations[v1alpha1.AnnotationCloudInitStatus] == v1alpha1.CloudInitInitialized:
		return None
	case !nodeClaim.DeletionTimestamp.IsZero():
		if nodeClaim.Annotations[v1alpha1.AnnotationToken] == "" {
			return None
		}
		return Revoke
	case initialized(nodeClaim):
		return CleanUp
	}
	return None
}

func initialized(nodeClaim *v1.NodeClaim) bool {
	for _, c := range nodeClaim.Status.Conditions {
		if c.Type == v1.ConditionTypeInitialized {
			return c.IsTrue()
		}
	}
	return false
}

// Reconcile cleans up after the boot of one NodeClaim's machine, and annotates the NodeClaim
// with [v1alpha1.CloudInitInitialized], so that it is done once. Its NodeClass may be gone.
func (c *Controller) Reconcile(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	work := WorkOf(nodeClaim)
	if work == None {
		return reconcile.Result{}, nil
	}
	if work == CleanUp {
		if err := c.Media.Eject(ctx, nodeClaim); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
			return reconcile.Result{}, fmt.Errorf("taking the boot medium of nodeclaim %s away: %w", nodeClaim.Name, err)
		}
	}
	if token := nodeClaim.Annotations[v1alpha1.AnnotationToken]; token != "" {
		if err := c.Tokens.Revoke(ctx, token); err != nil {
			return reconcile.Result{}, fmt.Errorf("after the boot of nodeclaim %s: %w", nodeClaim.Name, err)
		}
	}
	after := nodeClaim.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	after.Annotations[v1alpha1.AnnotationCloudInitStatus] = v1alpha1.CloudInitInitialized
	if _, err := patch.Object(ctx, c.Client, nodeClaim, after); err != nil {
		return patch.Outcome(fmt.Errorf("annotating nodeclaim %s: %w", nodeClaim.Name, err))
	}
	return reconcile.Result{}, nil
}
