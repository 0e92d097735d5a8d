// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/question"
)

// asking is a question that is being put together for what-ifs.
type asking struct {
	*question.Question
	// answerable are the targets that may be left out, by ID.
	answerable map[string]int
	// busy are the targets that take no running pod, by index (DIS-062).
	busy bitset.Set
}

// ask puts the question together that a method's what-ifs are about (DIS-060). Only
// nodes that nothing blocks may be left out: of the others nobody asks.
func (s *Surveyor) ask(ctx context.Context, out *Survey, kind disrupt.Kind, w world) error {
	round, err := s.Gatherer.Begin(ctx, out.snapshot)
	if err != nil {
		return err
	}
	if err := round.Pending(ctx); err != nil {
		return err
	}
	if err := round.Departing(ctx, out.State.Now); err != nil {
		return err
	}
	movable := func(pod *corev1.Pod) bool { return w.budgets.CurrentlyReschedulable(pod, out.State.Now) }
	understood := map[string]bool{}
	for i := range out.State.Nodes {
		n := &out.State.Nodes[i]
		if _, blocked := out.State.Blocked(kind, *n); blocked {
			continue
		}
		if understood[n.ID], err = round.StandingOn(ctx, out.snapshot.Node(n.ID), movable); err != nil {
			return err
		}
	}
	offer(ctx, out.pools, round, w.catalogues)
	out.asked = asking{Question: round.Build(), answerable: map[string]int{}}
	for id, all := range understood {
		if target, ok := out.snapshot.Targets().Index(id); ok && all {
			out.asked.answerable[id] = target
		}
	}
	if kind.SparesBusy {
		out.asked.busy = s.busy(out)
	}
	out.State.Without = s.without(out)
	return nil
}

// offer adds the pools that machines may be launched from (DIS-068). One that
// cannot be understood takes no part; provisioning tells why.
func offer(ctx context.Context, pools map[string]*v1.NodePool, round *gather.Round, catalogues map[string]*catalogue) {
	for name, pool := range pools {
		c := catalogues[name]
		if pool.Spec.Replicas != nil || pool.DeletionTimestamp != nil || !pool.MayLaunch() || c.types() != disrupt.TypesKnown {
			continue
		}
		if _, err := round.Pool(pool, c.list); err != nil {
			log.FromContext(ctx).V(1).Info("moving nothing to nodepool, cannot be understood", "NodePool", klog.KRef("", name), "reason", err.Error())
		}
	}
}

// busy are the targets inside the window in which their pool leaves them alone.
func (s *Surveyor) busy(out *Survey) bitset.Set {
	var busy bitset.Set
	for i := range out.snapshot.Targets().Nodes {
		n := out.snapshot.Targets().At(i).StateNode
		if n == nil || n.NodeClaim() == nil || out.pools[n.NodePool()] == nil {
			continue
		}
		quiet := Quiet(n.NodeClaim(), out.pools[n.NodePool()])
		if at, unsettled := s.PodEvents.Unsettled(n.Name()); unsettled && at.After(quiet.LastPodEvent) {
			quiet.LastPodEvent = at
		}
		if _, wait := quiet.Consolidatable(out.State.Now); wait > 0 {
			busy = busy.Add(i)
		}
	}
	return busy
}

// without is the what-if of a survey.
func (s *Surveyor) without(out *Survey) disrupt.WhatIf {
	return func(nodes ...string) (place.Input, bool) {
		targets, ok := out.asked.targets(nodes)
		if !ok {
			return place.Input{}, false
		}
		in := out.asked.Without(targets...)
		in.MinValues, in.Reservations = s.MinValues, place.FallbackReservations
		in.Closed, in.Barred = out.asked.busy, out.asked.running(in.Moved, targets)
		return in, true
	}
}

func (a *asking) targets(nodes []string) ([]int, bool) {
	targets := make([]int, len(nodes))
	for i, id := range nodes {
		target, ok := a.answerable[id]
		if !ok {
			return nil, false
		}
		targets[i] = target
	}
	slices.Sort(targets)
	return targets, true
}

// running are those of the moved pods that have come up where they are.
func (a *asking) running(moved bitset.Set, targets []int) bitset.Set {
	if a.busy.Empty() {
		return nil
	}
	var out bitset.Set
	for i, pod := range a.Indexes(targets...) {
		if moved.Has(i) && a.Pods[pod].Status.Phase != corev1.PodPending {
			out = out.Add(i)
		}
	}
	return out
}
