// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/engine/disrupt"
)

const (
	// poll is how long after a pass in which no method acted the next begins.
	poll = 10 * time.Second
	// unloadedPoll is how soon a model that is not loaded is looked at again.
	unloadedPoll = time.Second
	// atOnce is the shortest delay that is one.
	atOnce = time.Nanosecond
)

// Reconcile makes a pass if the model is loaded (DIS-022), and says when to make
// the next. A NodeClaim whose pods nobody knows holds up the methods that decide
// where pods go, and no other: a node without pods is none of its business.
func (c *Controller) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	synced := c.Cluster.Synced(ctx)
	if !synced && !c.Cluster.Loaded(ctx) {
		return reconcile.Result{RequeueAfter: unloadedPoll}, nil
	}
	c.late.ran(ctx, Name, c.Clock.Now())
	p := &pass{synced: synced}
	c.run(ctx, p)
	switch {
	case len(p.errs) > 0:
		return reconcile.Result{}, errors.Join(p.errs...)
	case p.acted || p.conflicted:
		return reconcile.Result{RequeueAfter: atOnce}, nil
	}
	return reconcile.Result{RequeueAfter: c.proposals.next(c.Clock.Now(), poll)}, nil
}

// pass is one run over the methods.
type pass struct {
	// synced is set if the model knows the pods of all NodeClaims.
	synced bool
	// acted is set when a command was started, which ends the pass (DIS-021).
	acted bool
	// conflicted is set when somebody else wrote an object first.
	conflicted bool
	errs       []error
}

// fail notes an error, which does not end the pass (DIS-024).
func (p *pass) fail(err error) {
	switch {
	case err == nil:
	case apierrors.IsConflict(err):
		p.conflicted = true
	default:
		p.errs = append(p.errs, err)
	}
}

// knows reports whether enough is known for a method.
func (p *pass) knows(kind disrupt.Kind) bool { return p.synced || !kind.Asks }

func (c *Controller) run(ctx context.Context, p *pass) {
	p.fail(c.removeOrphans(ctx))
	due := c.proposals.take(c.Clock.Now())
	for _, m := range c.methods {
		if ready := of(m, due); len(ready) > 0 {
			c.validate(ctx, p, m, ready)
		}
	}
	for _, m := range c.methods {
		if !p.acted && p.knows(m.Kind()) {
			c.evaluate(ctx, p, m)
		}
	}
	c.proposals.settle(c.Clock.Now())
}
