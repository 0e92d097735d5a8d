// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/pace"
	"karpenter.sh/core/reconcile/staleness"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.lifecycle"

// RegistrationTimeout is how long a node may take to register.
const RegistrationTimeout = 15 * time.Minute

// RegistrationHealth is told how the NodeClaims of a pool fare. Each outcome is
// reported once, after it is stored; the NodeClaim must not be changed. An error
// is logged and not tried again.
type RegistrationHealth interface {
	// RecordSuccess reports a node that has registered.
	RecordSuccess(ctx context.Context, nodeClaim *v1.NodeClaim) error
	// RecordFailure reports a NodeClaim that was given up because it did not
	// launch or register in time.
	RecordFailure(ctx context.Context, nodeClaim *v1.NodeClaim) error
}

// Announcer is told that the Node of a NodeClaim has a name, before pods can be
// bound there, and returns when those that are meant to be may be (SCH-311).
type Announcer interface {
	Announce(ctx context.Context, nodeClaim, node string)
}

// Vocabulary tells which labels describe an instance.
type Vocabulary interface {
	// IsWellKnown reports whether instance types are described by the label.
	IsWellKnown(key string) bool
	// IsReservedCapacityLabel reports whether only instances on reserved
	// capacity have the label.
	IsReservedCapacityLabel(key string) bool
}

// Options are what the controller works with. Unless said otherwise each is
// required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Live reads from the API server: what is read after a conflict, or when the
	// cache is behind.
	Live client.Reader
	// Provider creates and deletes instances. Its registration hooks, its annotations
	// and its launch timeout are read once.
	Provider cloudprovider.CloudProvider
	// NodeClasses are the kinds that the provider manages.
	NodeClasses cloudprovider.NodeClassKinds
	Vocabulary  Vocabulary
	Clock       clock.Clock
	Recorder    events.Recorder
	NodeClaims  *metrics.NodeClaims
	Nodes       *metrics.Nodes
	Health      RegistrationHealth
	// Announcer may be nil.
	Announcer Announcer
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is nodeclaim.lifecycle.
type Controller struct {
	Options
	steps    []step
	launches *launches
	polls    pace.Pace
	lookups  pace.Pace
	written  staleness.Tracker
	nodes    staleness.Tracker
	// deletes are the Nodes whose deletion was requested.
	deletes staleness.Tracker
	// kept are the annotations that stay on NodeClaims, and launchTimeout how long these
	// may take to launch, as the provider says.
	kept          []string
	launchTimeout time.Duration
}

// step is one stage of a live NodeClaim. It reads and changes the pass only; an
// error does not end the pass.
type step func(ctx context.Context, p *pass) error

// New returns the controller.
func New(o Options) *Controller {
	c := &Controller{
		Options: o, launches: newLaunches(o.Clock, profile(), o.CPUMillis),
		kept: cloudprovider.NodeClaimAnnotations(o.Provider), launchTimeout: cloudprovider.LaunchTimeoutOf(o.Provider),
	}
	hooks := cloudprovider.RegistrationHooks(o.Provider)
	c.steps = []step{
		c.launch,
		func(ctx context.Context, p *pass) error { return c.registration(ctx, p, hooks) },
		c.presence,
		c.initialization,
		c.liveness,
	}
	return c
}

// Reconcile makes one pass over a NodeClaim.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	nodeClaim := &v1.NodeClaim{}
	if err := c.Client.Get(ctx, req.NamespacedName, nodeClaim); err != nil {
		if errors.IsNotFound(err) {
			c.forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading nodeclaim %s: %w", req.Name, err)
	}
	if !c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) || c.written.Stale(nodeClaim) {
		return reconcile.Result{}, nil
	}
	c.expect(nodeClaim)
	if !nodeClaim.DeletionTimestamp.IsZero() {
		return c.finalize(ctx, nodeClaim)
	}
	return c.advance(ctx, nodeClaim)
}

// expect makes the counters of what will become of a NodeClaim exist, once it is
// known where it is; also of those that were there when the process began.
func (c *Controller) expect(nodeClaim *v1.NodeClaim) {
	if nodeClaim.Status.ProviderID != "" {
		c.NodeClaims.Expect(nodeClaim)
		c.Nodes.Expect(nodeClaim.Labels[v1.NodePoolLabelKey], nodeClaim.Labels[corev1.LabelTopologyZone])
	}
}

// forget drops all that is remembered of a NodeClaim that is gone.
func (c *Controller) forget(key types.NamespacedName) {
	c.launches.forget(key)
	c.polls.Forget(key)
	c.lookups.Forget(key)
	c.written.Forget(key)
}
