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
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/question"
)

// asking is what is asked about a survey. Pods that wait or leave have their places.
type asking struct {
	*question.Question
	// answerable are the targets that may be left out, by ID.
	answerable map[string]int
	// busy are the targets that take no running pod, by index (DIS-062).
	busy bitset.Set
	// minValues says what to do when a pool's cannot be met.
	minValues requirement.MinValuesPolicy
}

var _ disrupt.Question = (*asking)(nil)

// asked is what a question is for.
type asked struct {
	kind disrupt.Kind
	// nodes are the IDs of those that may be left out.
	nodes []string
	// going are those of commands that are to be validated.
	going []string
	// spare are those that go as empty unless pods come to them; nil for none.
	spare func(id string) bool
}

// ask puts the question together that a method's what-ifs are about (DIS-060).
func (s *Surveyor) ask(ctx context.Context, out *Survey, about asked, w world) error {
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
	held := out.setAside(about.spare)
	for _, id := range slices.Concat(held, about.nodes) {
		if understood[id], err = round.StandingOn(ctx, out.snapshot.Node(id), movable); err != nil {
			return err
		}
	}
	offer(ctx, out.pools, round, w.catalogues)
	out.asked = &asking{Question: s.settled(out, round.Build(), held, about.going), answerable: map[string]int{}, minValues: s.MinValues}
	for id, all := range understood {
		if target, ok := out.snapshot.Targets().Index(id); ok && all {
			out.asked.answerable[id] = target
		}
	}
	if about.kind.SparesBusy {
		out.asked.busy = s.busy(out)
	}
	out.State.Question = out.asked
	return nil
}

// setAside returns the nodes that commands hold, but for those that may stay if pods
// come to them: the state has these with their prices (DIS-175).
func (s *Survey) setAside(spare func(id string) bool) (held []string) {
	s.State.Spare = map[int]float64{}
	for i := range s.State.Nodes {
		n := &s.State.Nodes[i]
		if !n.Held || n.Leaving {
			continue
		}
		target, ok := s.snapshot.Targets().Index(n.ID)
		if ok && spare != nil && spare(n.ID) {
			s.State.Spare[target] = n.Price
		} else {
			held = append(held, n.ID)
		}
	}
	return held
}

// settled is the question once the pods that wait or leave have their places. Nodes that
// commands hold are as good as gone (DIS-160). The nodes that get pods are noted: they
// must not be given up now (DIS-175).
func (s *Surveyor) settled(out *Survey, q *question.Question, held, going []string) *question.Question {
	shut := slices.Clone(going)
	for target := range out.State.Spare {
		shut = append(shut, q.Cluster.Targets().At(target).StateNode.Key())
	}
	settled, receives := q.Settle(question.Settling{Gone: held, Shut: shut, MinValues: s.MinValues})
	for i := range out.State.Nodes {
		out.State.Nodes[i].Receives = receives[out.State.Nodes[i].ID]
	}
	return settled
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

// Without asks about nodes by ID.
func (a *asking) Without(nodes ...string) (place.Input, bool) {
	targets, ok := a.targets(nodes)
	if !ok {
		return place.Input{}, false
	}
	in := a.Question.Without(targets...)
	in.MinValues, in.Reservations = a.minValues, place.FallbackReservations
	in.Closed, in.Barred = a.busy, a.running(in.Moved, targets)
	return in, true
}

// After is the question once a plan is carried out.
func (a *asking) After(asked place.Input, plan place.Plan) disrupt.Question {
	after := *a
	after.Question = a.Question.After(asked, plan)
	return &after
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
