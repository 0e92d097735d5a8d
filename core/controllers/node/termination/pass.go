// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// pass is one look at a terminating Node.
type pass struct {
	now  time.Time
	node *corev1.Node
	// owner is the NodeClaim as the pass wants it, stored as the API server has
	// it; both nil without one. Its conditions are changed through conditions.
	owner, stored *v1.NodeClaim
	conditions    status.ConditionSet
	// deadline is when the Node is given up whatever still runs; zero for never.
	deadline time.Time
	pods     []corev1.Pod
	// effects run once the conditions are stored.
	effects []func()
}

// step is one stage of the termination.
type step func(ctx context.Context, p *pass) (verdict, error)

// verdict is what a step found.
type verdict struct {
	kind  verdictKind
	after time.Duration
}

type verdictKind int

const (
	complete verdictKind = iota // go on with the next step
	waiting                     // look again after the delay
	finished                    // skip what is left: the Node may go
)

// wait is the verdict of a step that is not complete.
func wait(after time.Duration) verdict {
	return verdict{kind: waiting, after: max(after, time.Nanosecond)}
}

// advance makes a pass: it goes through the steps until one is not complete,
// stores the conditions reached, and acts on the verdict (LIF-130, LIF-176).
func (c *Controller) advance(ctx context.Context, node *corev1.Node) (reconcile.Result, error) {
	p, err := c.begin(ctx, node)
	if err != nil {
		return reconcile.Result{}, err
	}
	v, err := c.run(ctx, p)
	if storeErr := c.store(ctx, p); storeErr != nil {
		return patch.Outcome(storeErr)
	}
	for _, effect := range p.effects {
		effect()
	}
	switch {
	case err != nil:
		return reconcile.Result{}, err
	case v.kind == waiting:
		return reconcile.Result{RequeueAfter: v.after}, nil
	}
	return c.release(ctx, p)
}

// begin gathers what the steps work on.
func (c *Controller) begin(ctx context.Context, node *corev1.Node) (*pass, error) {
	p := &pass{now: c.Clock.Now(), node: node}
	nodeClaims, err := index.NodeClaims(ctx, c.Client, node.Spec.ProviderID)
	if err != nil {
		return nil, err
	}
	var managed []*v1.NodeClaim
	for i := range nodeClaims {
		if c.NodeClasses.Manages(nodeClaims[i].Spec.NodeClassRef) {
			managed = append(managed, &nodeClaims[i])
		}
	}
	if len(managed) == 1 {
		return p, c.own(ctx, p, managed[0])
	}
	return p, nil
}

// own makes a NodeClaim the owner of the pass, as the API server has it if the
// cache has not caught up with the conditions of an earlier pass: they would be
// reached and counted again.
func (c *Controller) own(ctx context.Context, p *pass, nodeClaim *v1.NodeClaim) error {
	if c.owners.Stale(nodeClaim) {
		live := &v1.NodeClaim{}
		if err := c.Live.Get(ctx, client.ObjectKeyFromObject(nodeClaim), live); err != nil {
			if errors.IsNotFound(err) {
				c.owners.Forget(client.ObjectKeyFromObject(nodeClaim))
				return nil
			}
			return fmt.Errorf("reading nodeclaim %s: %w", nodeClaim.Name, err)
		}
		if live.UID != nodeClaim.UID {
			return nil
		}
		nodeClaim = live
	}
	p.stored, p.owner = nodeClaim, nodeClaim.DeepCopy()
	p.conditions = p.owner.StatusConditions(status.WithClock(c.Clock))
	return nil
}

func (c *Controller) run(ctx context.Context, p *pass) (verdict, error) {
	for _, s := range c.steps {
		if v, err := s(ctx, p); err != nil || v.kind != complete {
			return v, err
		}
	}
	return verdict{kind: finished}, nil
}

// disown goes on as for a Node without NodeClaim.
func (p *pass) disown() {
	p.owner, p.stored = nil, nil
}

// store writes the conditions that the pass reached.
func (c *Controller) store(ctx context.Context, p *pass) error {
	if p.owner == nil {
		return nil
	}
	err := patch.Persist(ctx, c.Live, p.stored, func(stored *v1.NodeClaim) error {
		wanted := p.owner
		if stored != p.stored {
			wanted = c.withConditions(stored, p.owner)
		}
		sent, err := patch.Status(ctx, c.Client, stored, wanted)
		if sent {
			c.owners.Wrote(wanted)
		}
		return err
	})
	if errors.IsNotFound(err) {
		return errors.NewConflict(v1.GroupVersion.WithResource("nodeclaims").GroupResource(), p.owner.Name, err)
	}
	return err
}

// withConditions returns a NodeClaim with the conditions of termination that
// another version of it has.
func (c *Controller) withConditions(nodeClaim, from *v1.NodeClaim) *v1.NodeClaim {
	nodeClaim = nodeClaim.DeepCopy()
	conditions := nodeClaim.StatusConditions(status.WithClock(c.Clock))
	for _, condition := range from.Status.Conditions {
		switch condition.Type {
		case v1.ConditionTypeDrained, v1.ConditionTypeVolumesDetached, v1.ConditionTypeInstanceTerminating:
			conditions.Set(condition)
		}
	}
	return nodeClaim
}

// release removes the finalizer and counts the Node (LIF-177).
func (c *Controller) release(ctx context.Context, p *pass) (reconcile.Result, error) {
	var released *corev1.Node
	err := patch.Persist(ctx, c.Live, p.node, func(read *corev1.Node) error {
		released = read.DeepCopy()
		controllerutil.RemoveFinalizer(released, v1.TerminationFinalizer)
		_, err := patch.Object(ctx, c.Client, read, released)
		return err
	})
	if err != nil {
		return patch.Outcome(err)
	}
	c.written.Released(released)
	c.Evictor.Abandon(p.node.Name)
	if p.owner != nil {
		c.owners.Forget(client.ObjectKeyFromObject(p.owner))
	}
	c.Nodes.Terminated(p.node, c.Clock.Now())
	log.FromContext(ctx).Info("deleted node")
	return reconcile.Result{}, nil
}
