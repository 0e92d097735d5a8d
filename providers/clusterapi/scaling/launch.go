// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/replicas"
)

// parallel is how many Machines of a window are bound at a time.
const parallel = 50

// launch serves a window of callers: it orders what is missing and gives out Machines as
// they appear (CAPI-036 to CAPI-040).
func (s *Scaler) launch(ctx context.Context, w batch.Window[types.NamespacedName, *v1.NodeClaim, *capi.Machine]) {
	d := s.desks.enter(w.Key)
	defer s.desks.leave(w.Key, d)
	callers := make([]*caller, len(w.Callers))
	for i, c := range w.Callers {
		callers[i] = &caller{c}
	}
	w.Requested(len(callers))
	l := &launch{Scaler: s, desk: d, deployment: w.Key, callers: callers}
	if err := l.order(ctx); err != nil {
		for _, c := range callers {
			c.fail(err)
		}
		return
	}
	l.serve(ctx)
}

// launch is a window that is served.
type launch struct {
	*Scaler
	desk       *desk
	deployment types.NamespacedName
	callers    []*caller
}

// order raises the replicas for those who would get no Machine, and serves whom it can at
// once.
func (l *launch) order(ctx context.Context) error {
	var found []pair
	err := l.desk.exclusively(ctx, func() error {
		for _, c := range l.callers {
			l.desk.waiting[c] = true
		}
		inv, err := l.raise(ctx)
		if err != nil {
			l.forget()
			return err
		}
		found = l.assign(inv)
		return nil
	})
	if err == nil {
		l.bind(ctx, found)
	}
	return err
}

// forget ends the waiting of all callers; the desk's turn is held.
func (l *launch) forget() {
	for _, c := range l.callers {
		delete(l.desk.waiting, c)
	}
}

// raise writes the replicas that those who wait need, on a fresh inventory, and again on
// another one if somebody else has written them meanwhile (CAPI-038).
func (l *launch) raise(ctx context.Context) (*inventory.Inventory, error) {
	for attempt := 1; ; attempt++ {
		inv, err := l.opts.Inventory.Fresh(ctx, l.deployment)
		if apierrors.IsNotFound(err) {
			l.opts.Refused(l.deployment, ReasonGone)
			return nil, cloudprovider.NewInsufficientCapacityError(err)
		}
		if err != nil {
			return nil, err
		}
		wanted, count := l.wanted(inv)
		switch err := l.write(ctx, inv, wanted.By); {
		case err == nil:
			l.refuse(wanted.Refused, count)
			l.finish(ctx, inv, wanted)
			return inv, nil
		case !apierrors.IsConflict(err) || attempt == attempts:
			return nil, err
		}
		if err := l.pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// wanted is what the callers of all windows need that have and find no Machine.
func (l *launch) wanted(inv *inventory.Inventory) (replicas.Raise, replicas.Count) {
	waiting := 0
	for _, c := range l.desk.callers() {
		if inv.Of(claim.By(c.Item)) == nil {
			waiting++
		}
	}
	count := inv.Count(len(l.desk.untaken(inv.Claimable(l.desk.since()))))
	count.Unseen = l.desk.unseen(inv.Deployment)
	return count.Raise(waiting), count
}

// write raises the replicas, on condition that they and their limit are what they were.
func (l *launch) write(ctx context.Context, inv *inventory.Inventory, by int32) error {
	if by == 0 {
		return nil
	}
	raised := inv.Deployment.DeepCopy()
	raised.Spec.Replicas = new(inv.Deployment.Replicas() + by)
	unchanged := patch.If(replicasField(), []string{"metadata", "annotations", capi.AnnotationMaxSize})
	err := l.writes.write(l.deployment, raised, func() error {
		_, err := patch.Object(ctx, l.opts.Management, inv.Deployment, raised, unchanged)
		return err
	})
	if err != nil {
		return fmt.Errorf("raising the replicas of MachineDeployment %s from %d to %d: %w", l.deployment, inv.Deployment.Replicas(), *raised.Spec.Replicas, err)
	}
	l.desk.raises = append(l.desk.raises, raise{deployment: inv.Deployment.UID, generation: inv.Deployment.Generation + 1, by: int(by)})
	return nil
}

func replicasField() []string { return []string{"spec", "replicas"} }

// refuse fails the callers who came last for whom there will be no Machine (CAPI-037,
// CAPI-120).
func (l *launch) refuse(n int, count replicas.Count) {
	if n == 0 {
		return
	}
	reason, why := ReasonLimit, fmt.Errorf("MachineDeployment %s may have %d replicas, and all are taken", l.deployment, count.Limit)
	if count.RunsAway() {
		reason = ReasonRunsAway
		why = fmt.Errorf("MachineDeployment %s has %d Machines for %d replicas", l.deployment, count.Machines, count.Replicas)
	}
	l.opts.Refused(l.deployment, reason)
	for _, c := range slices.Backward(l.callers) {
		if n > 0 && c.Waits() {
			c.fail(cloudprovider.NewInsufficientCapacityError(why))
			delete(l.desk.waiting, c)
			n--
		}
	}
}

// finish deletes the Machines on record that do not terminate yet: a raise has taken back
// what would have made Cluster API delete them (CAPI-122).
func (l *launch) finish(ctx context.Context, inv *inventory.Inventory, wanted replicas.Raise) {
	if wanted.By == 0 {
		return
	}
	for _, m := range inv.Going() {
		if err := l.deleteMachine(ctx, m); err != nil {
			l.opts.Log.Error(err, "a Machine that is to go stays for now")
		}
	}
}

// serve gives out Machines until all callers have one or their patience ends.
func (l *launch) serve(ctx context.Context) {
	patience := l.opts.Clock.NewTimer(l.opts.Patience)
	defer patience.Stop()
	tick := l.opts.Clock.NewTicker(l.opts.Tick)
	defer tick.Stop()
	for changed := l.opts.Changes(); l.look(ctx); changed = l.opts.Changes() {
		pause.For(ctx, l.opts.Clock, l.opts.Least)
		select {
		case <-changed:
			continue
		case <-tick.C():
			continue
		case <-patience.C():
		case <-ctx.Done():
		}
		break
	}
	l.end(ctx)
}

// look gives out what the cache shows, and reports whether anybody still waits.
func (l *launch) look(ctx context.Context) bool {
	inv, err := l.opts.Inventory.Cached(ctx, l.deployment)
	if err != nil {
		l.opts.Log.Error(err, "nobody gets a Machine for now")
		return l.waits()
	}
	var found []pair
	err = l.desk.exclusively(ctx, func() error {
		found = l.assign(inv)
		return nil
	})
	if err != nil {
		return false
	}
	l.bind(ctx, found)
	return l.waits()
}

// waits reports whether any caller of the window does.
func (l *launch) waits() bool {
	return slices.ContainsFunc(l.callers, func(c *caller) bool { return c.Waits() })
}

// end fails whoever still waits. The replicas stay: the next attempt finds the Machine
// (CAPI-039).
func (l *launch) end(ctx context.Context) {
	_ = l.desk.exclusively(context.WithoutCancel(ctx), func() error {
		l.forget()
		return nil
	})
	for _, c := range l.callers {
		c.fail(ErrNoMachine)
	}
}

// pair is a caller with the Machine that it is to get.
type pair struct {
	caller  *caller
	machine *capi.Machine
}

// assign takes Machines for the callers of the window: each its own, if it has one, or
// the first that it may take. The desk's turn is held.
func (l *launch) assign(inv *inventory.Inventory) []pair {
	free := l.desk.untaken(inv.Claimable(l.desk.since()))
	var out []pair
	for _, c := range l.callers {
		if !l.desk.waiting[c] || !c.Waits() {
			continue
		}
		m := inv.Of(claim.By(c.Item))
		if m == nil {
			if len(free) == 0 {
				continue
			}
			m, free = free[0].Machine, free[1:]
		}
		l.desk.taken[m.UID] = true
		delete(l.desk.waiting, c)
		out = append(out, pair{c, m})
	}
	return out
}

// bind gives each caller its Machine. One that turns out to be somebody else's sends its
// caller back to wait; one that could not be bound is there for others.
func (l *launch) bind(ctx context.Context, pairs []pair) {
	errs := concurrency.Each(pairs, parallel, func(_ int, p pair) error {
		bound, err := l.claimFor(ctx, p.machine, p.caller.Item)
		switch {
		case err == nil:
			p.caller.give(bound)
		case !errors.Is(err, errTaken):
			p.caller.fail(err)
		}
		return err
	})
	_ = l.desk.exclusively(context.WithoutCancel(ctx), func() error {
		for i, p := range pairs {
			switch {
			case errors.Is(errs[i], errTaken):
				l.desk.waiting[p.caller] = true
			case errs[i] != nil:
				delete(l.desk.taken, p.machine.UID)
			}
		}
		return nil
	})
}
