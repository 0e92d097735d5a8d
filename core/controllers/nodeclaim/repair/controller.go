// SPDX-License-Identifier: Apache-2.0

package repair

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/repair"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "node.health"

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Policies are the provider's; there is at least one.
	Policies    []cloudprovider.RepairPolicy
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.PassiveClock
	Recorder    events.Recorder
	NodeClaims  *metrics.NodeClaims
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is node.health.
type Controller struct {
	Options
	labels    []string // of managed Nodes
	sightings sightings
}

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{Options: o, labels: o.NodeClasses.LabelKeys()}
}

// Reconcile looks at a Node, and gives it up if its time has come.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	node := &corev1.Node{}
	if err := c.Client.Get(ctx, req.NamespacedName, node); err != nil {
		if errors.IsNotFound(err) {
			c.sightings.forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading node %s: %w", req.Name, err)
	}
	now := c.Clock.Now()
	found, sick := c.diagnose(node, now)
	if !sick {
		return reconcile.Result{}, nil
	}
	if left := found.Due().Sub(now); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	return c.judge(ctx, patient{node: node, diagnosis: found})
}

// patient is a Node whose toleration is over.
type patient struct {
	node      *corev1.Node
	diagnosis diagnosis
	// nodeClaim is shared with the cache.
	nodeClaim *v1.NodeClaim
	peers     repair.Peers
}

// judge gives a Node up unless it cannot be told whose it is, or too many others are
// broken; then it is looked at again later.
func (c *Controller) judge(ctx context.Context, p patient) (reconcile.Result, error) {
	later := reconcile.Result{RequeueAfter: repair.Retry}
	var err error
	if p.nodeClaim, err = c.owner(ctx, p.node); err != nil {
		return reconcile.Result{}, err
	}
	if p.nodeClaim == nil {
		return later, nil
	}
	if p.peers, err = c.peers(ctx, p.nodeClaim); err != nil {
		return reconcile.Result{}, err
	}
	switch d := c.decide(p, p.nodeClaim); {
	case d.Blocked:
		if err := c.tellBlocked(ctx, p); err != nil {
			return reconcile.Result{}, err
		}
		return later, nil
	case d != repair.Decision{}:
		if err := c.giveUp(ctx, p); err != nil {
			return patch.Outcome(err)
		}
	}
	return later, nil // while the node stands: others may move the deadline
}

// decide says what is left to do, with the NodeClaim as it was read.
func (c *Controller) decide(p patient, nodeClaim *v1.NodeClaim) repair.Decision {
	return repair.Decide(repair.Case{
		Now: c.Clock.Now(), Peers: p.peers,
		Deleting: !nodeClaim.DeletionTimestamp.IsZero(),
		Deadline: nodeClaim.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey],
	})
}

// owner returns the NodeClaim of a Node, shared with the cache, or nil if that is not
// exactly one managed NodeClaim with no other Node: it would take a working one along.
func (c *Controller) owner(ctx context.Context, node *corev1.Node) (*v1.NodeClaim, error) {
	claims, err := index.NodeClaims(ctx, c.Client, node.Spec.ProviderID)
	if err != nil || len(claims) != 1 || !c.NodeClasses.Manages(claims[0].Spec.NodeClassRef) {
		return nil, err
	}
	nodes, err := index.Nodes(ctx, c.Client, node.Spec.ProviderID)
	if err != nil || len(nodes) != 1 {
		return nil, err
	}
	return &claims[0], nil
}

// peers counts the nodes of the NodeClaim's pool; without a pool, of the cluster.
func (c *Controller) peers(ctx context.Context, nodeClaim *v1.NodeClaim) (repair.Peers, error) {
	options := []client.ListOption{client.UnsafeDisableDeepCopy}
	if pool := nodeClaim.Labels[v1.NodePoolLabelKey]; pool != "" {
		options = append(options, client.MatchingLabels{v1.NodePoolLabelKey: pool})
	}
	var list corev1.NodeList
	if err := c.Client.List(ctx, &list, options...); err != nil {
		return repair.Peers{}, fmt.Errorf("counting the peers of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	peers := repair.Peers{All: len(list.Items)}
	for i := range list.Items {
		if cloudprovider.IsUnhealthy(c.Policies, list.Items[i].Status.Conditions) {
			peers.Sick++
		}
	}
	return peers, nil
}
