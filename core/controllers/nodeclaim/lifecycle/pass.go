// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodeclaim/internal/removal"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// pass is one look at a live NodeClaim.
type pass struct {
	now time.Time
	// stored is the NodeClaim as the API server has it, nodeClaim as the pass
	// wants it.
	stored, nodeClaim *v1.NodeClaim
	conditions        status.ConditionSet
	// effects run once the changes are stored.
	effects []effect
	// ended is set when the NodeClaim is no more: nothing is left to do or write.
	ended   bool
	requeue time.Duration
	errs    []error

	nodesRead bool
	nodes     []corev1.Node
}

// effect is what follows from changes once they are stored.
type effect func(ctx context.Context) error

// advance makes a pass over a live NodeClaim (LIF-071).
func (c *Controller) advance(ctx context.Context, stored *v1.NodeClaim) (reconcile.Result, error) {
	if err := c.ensureFinalizer(ctx, stored); err != nil {
		return patch.Outcome(err)
	}
	p := &pass{now: c.Clock.Now(), stored: stored, nodeClaim: editable(stored)}
	p.conditions = c.conditions(p.nodeClaim)
	for _, s := range c.steps {
		if p.fail(s(ctx, p)); p.ended {
			return p.result()
		}
	}
	if err := c.write(ctx, p); err != nil {
		if len(p.errs) > 0 {
			return reconcile.Result{}, errors.Join(append(p.errs, err)...)
		}
		return patch.Outcome(err)
	}
	for _, e := range p.effects {
		p.fail(e(ctx))
	}
	return p.result()
}

// editable returns a copy whose metadata and status may be changed. The spec
// never changes and is shared: it may be long.
func editable(nodeClaim *v1.NodeClaim) *v1.NodeClaim {
	copied := *nodeClaim
	nodeClaim.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	nodeClaim.Status.DeepCopyInto(&copied.Status)
	return &copied
}

// ensureFinalizer stores the finalizer, without which no instance is created
// (LIF-072).
func (c *Controller) ensureFinalizer(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	if controllerutil.ContainsFinalizer(nodeClaim, v1.TerminationFinalizer) {
		return nil
	}
	before := editable(nodeClaim)
	controllerutil.AddFinalizer(nodeClaim, v1.TerminationFinalizer)
	_, err := patch.Object(ctx, c.Client, before, nodeClaim)
	if err != nil {
		return fmt.Errorf("adding the termination finalizer: %w", err)
	}
	c.written.Wrote(nodeClaim)
	return nil
}

// write stores what the pass changed, metadata before status. A write of the
// metadata alone is remembered too: the next pass must not be a repetition.
func (c *Controller) write(ctx context.Context, p *pass) error {
	wrote, err := patch.All(ctx, c.Client, p.stored, p.nodeClaim)
	if wrote {
		c.written.Wrote(p.nodeClaim)
	}
	return err
}

// remove deletes a NodeClaim that is given up, and reports whether it was there.
func (c *Controller) remove(ctx context.Context, nodeClaim *v1.NodeClaim, reason metrics.Reason) (bool, error) {
	removed, err := removal.Remover{Client: c.Client, NodeClaims: c.NodeClaims}.Remove(ctx, nodeClaim, reason)
	if removed {
		c.written.Deleted(nodeClaim)
	}
	return removed, err
}

// conditions returns the set that reads and writes the NodeClaim's conditions.
func (c *Controller) conditions(nodeClaim *v1.NodeClaim) status.ConditionSet {
	return nodeClaim.StatusConditions(status.WithClock(c.Clock))
}

// decided reports whether a condition is not Unknown any more. Such a condition
// is only brought to the current generation.
func decided(conditions status.ConditionSet, conditionType string) bool {
	condition := conditions.Get(conditionType)
	if condition.IsUnknown() {
		return false
	}
	conditions.Set(*condition)
	return true
}

// nodesOf returns the Nodes of the NodeClaim, looked up once for each pass. They
// are shared with the cache.
func (c *Controller) nodesOf(ctx context.Context, p *pass) ([]corev1.Node, error) {
	if p.nodesRead {
		return p.nodes, nil
	}
	cached, err := index.Nodes(ctx, c.Client, p.nodeClaim.Status.ProviderID)
	if err != nil {
		return nil, err
	}
	var nodes []corev1.Node
	for i := range cached {
		node, found, err := c.upToDate(ctx, &cached[i])
		if err != nil {
			return nil, err
		}
		if found {
			nodes = append(nodes, *node)
		}
	}
	p.nodes, p.nodesRead = nodes, true
	return nodes, nil
}

// upToDate returns a Node as the API server has it if the cache has not caught up
// with what an earlier pass wrote: what was done to the Node since, such as taking
// a startup taint away, would be undone. It is false when the Node is gone.
func (c *Controller) upToDate(ctx context.Context, cached *corev1.Node) (*corev1.Node, bool, error) {
	if !c.nodes.Stale(cached) {
		return cached, true, nil
	}
	live := &corev1.Node{}
	switch err := c.Live.Get(ctx, client.ObjectKeyFromObject(cached), live); {
	case apierrors.IsNotFound(err):
		c.nodes.Forget(client.ObjectKeyFromObject(cached))
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("reading node %s: %w", cached.Name, err)
	}
	return live, live.Spec.ProviderID == cached.Spec.ProviderID, nil
}

// errStale says that the Node that a step read has changed or gone since.
var errStale = errors.New("the node that was read is out of date")

// updateNode changes the NodeClaim's only Node, and returns what the later steps
// then see.
func (c *Controller) updateNode(ctx context.Context, p *pass, change func(*corev1.Node) *corev1.Node) (*corev1.Node, error) {
	var after *corev1.Node
	err := patch.Persist(ctx, c.Live, &p.nodes[0], func(read *corev1.Node) error {
		after = change(read)
		sent, err := patch.Object(ctx, c.Client, read, after)
		if sent {
			c.nodes.Wrote(after)
		}
		return err
	})
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return nil, errStale
	case err != nil:
		return nil, err
	}
	p.nodes = []corev1.Node{*after}
	return after, nil
}

// then adds an effect.
func (p *pass) then(e effect) {
	p.effects = append(p.effects, e)
}

// again asks for another pass after a delay. The soonest wins.
func (p *pass) again(after time.Duration) {
	if p.requeue == 0 || after < p.requeue {
		p.requeue = max(after, time.Nanosecond)
	}
}

// fail adds an error to the pass. A stale Node only asks for another one
// (LIF-004).
func (p *pass) fail(err error) {
	switch {
	case err == nil:
	case errors.Is(err, errStale):
		p.again(patch.Retry)
	default:
		p.errs = append(p.errs, err)
	}
}

func (p *pass) result() (reconcile.Result, error) {
	if len(p.errs) > 0 {
		return reconcile.Result{}, errors.Join(p.errs...)
	}
	return reconcile.Result{RequeueAfter: p.requeue}, nil
}
