// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/objects/pods"
)

// Snapshots are those of the live model.
type Snapshots interface {
	Snapshot() *cluster.Snapshot
}

// InstanceTypes lists what a pool can launch.
type InstanceTypes interface {
	GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error)
}

// PodEvents knows the pod events that NodeClaims do not show yet.
type PodEvents interface {
	// Unsettled returns the time of the last such event on the node of a name.
	Unsettled(nodeName string) (time.Time, bool)
}

// Options are what a [Surveyor] reads from; all are required.
type Options struct {
	// Reader reads from the cache.
	Reader        client.Reader
	Cluster       Snapshots
	InstanceTypes InstanceTypes
	PodEvents     PodEvents
	NodeClasses   cloudprovider.NodeClassKinds
	// ReservationIDLabel is the provider's label for a capacity reservation;
	// empty if it has none.
	ReservationIDLabel string
	// Moves are those of pods whose nodes consolidation gave up.
	Moves *moves.Ledger
	// MovesPerHour is how often consolidation may move a pod of a workload within
	// [disrupt.CoolDown], on average.
	MovesPerHour int
	// Gatherer reads what what-ifs are about.
	Gatherer *gather.Gatherer
	// MinValues says what to do when a pool's minValues cannot be met (SCH-195).
	MinValues requirement.MinValuesPolicy
	Clock     clock.PassiveClock
}

// Surveyor takes surveys. It is for one goroutine.
type Surveyor struct {
	Options
	complaints complaints
}

// New returns a Surveyor.
func New(o Options) *Surveyor { return &Surveyor{Options: o} }

// Request says what a survey is for.
type Request struct {
	Kind disrupt.Kind
	// Held reports whether a command is about the node of an ID already.
	Held func(id string) bool
	// Rests reports whether the nodes of a pool are to be left alone because commands
	// about them have failed; nil for none.
	Rests func(pool string) bool
	// Ask says which nodes are to be asked about, given the rest of the state; nil
	// or none for a survey without a question.
	Ask func(disrupt.State) []string
	// Spare reports whether the node of an ID goes as empty unless pods come to it; nil
	// for none.
	Spare func(id string) bool
	// Going are the nodes, by ID, of commands that are to be validated: no pods of
	// others are planned to come to them.
	Going []string
}

// Survey is the world as one method sees it.
type Survey struct {
	State disrupt.State
	// InvalidBudgets tells of the pools whose budgets cannot be understood, or
	// is nil.
	InvalidBudgets error

	snapshot *cluster.Snapshot
	pools    map[string]*v1.NodePool
	asked    *asking // nil if the method does not ask
}

// world is what else a survey is taken from.
type world struct {
	budgets    pods.Budgets
	catalogues map[string]*catalogue
	moves      moves.Recent
	moved      map[types.UID]bool
}

// Node returns the state node of an ID, or nil.
func (s *Survey) Node(id string) *cluster.StateNode { return s.snapshot.Node(id) }

// NodePool returns the pool of a name, managed or not, or nil.
func (s *Survey) NodePool(name string) *v1.NodePool { return s.pools[name] }

// Take takes a survey.
func (s *Surveyor) Take(ctx context.Context, r Request) (*Survey, error) {
	budgets, err := gather.PodBudgets(ctx, s.Reader)
	if err != nil {
		return nil, err
	}
	out := &Survey{snapshot: s.Cluster.Snapshot(), pools: map[string]*v1.NodePool{}}
	var list v1.NodePoolList
	if err := s.Reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodepools: %w", err)
	}
	for i := range list.Items {
		out.pools[list.Items[i].Name] = &list.Items[i]
	}
	w := world{budgets: budgets, catalogues: s.catalogues(ctx, out.pools)}
	out.State = disrupt.State{Now: s.Clock.Now(), Pools: map[string]disrupt.Pool{}}
	w.moves = s.Moves.Since(out.State.Now.Add(-disrupt.CoolDown))
	w.moved = w.moves.Moved(bound(out.snapshot))
	s.addNodes(out, r.Held, w)
	if r.Kind.Reason == disrupt.Underutilized {
		out.State.Evictable = s.evictable(out, w.moves)
	}
	s.complaints.tell(ctx, out.snapshot)
	s.addPools(out, r, w.catalogues)
	if !r.Kind.Asks || r.Ask == nil {
		return out, nil
	}
	if nodes := r.Ask(out.State); len(nodes) > 0 {
		if err := s.ask(ctx, out, asked{r.Kind, nodes, r.Going, r.Spare}, w); err != nil {
			return nil, fmt.Errorf("gathering what-ifs: %w", err)
		}
	}
	return out, nil
}

// bound are the pods of all nodes.
func bound(snapshot *cluster.Snapshot) iter.Seq[*corev1.Pod] {
	return func(yield func(*corev1.Pod) bool) {
		for _, n := range snapshot.Nodes() {
			for _, p := range n.Pods() {
				if !yield(p.Pod) {
					return
				}
			}
		}
	}
}

func (s *Surveyor) addNodes(out *Survey, held func(string) bool, w world) {
	for _, n := range out.snapshot.Nodes() {
		v := view{state: n, pool: out.pools[poolOf(n)], now: out.State.Now, budgets: w.budgets, moved: w.moved}
		node := s.node(v)
		node.Held = held(node.ID)
		labels := n.View().Labels
		node.Price = w.catalogues[node.Pool].price(labels)
		node.TypeKnown = w.catalogues[node.Pool].typeOf(labels) != nil
		node.Zone, node.CapacityType = labels[corev1.LabelTopologyZone], labels[v1.CapacityTypeLabelKey]
		out.State.Nodes = append(out.State.Nodes, node)
	}
}

// addPools adds the pools with what their budgets allow.
func (s *Surveyor) addPools(out *Survey, r Request, catalogues map[string]*catalogue) {
	usage := disrupt.Count(out.State.Nodes)
	var invalid []error
	for name, p := range out.pools {
		limit, err := p.Spec.Disruption.AllowedDisruptions(v1.DisruptionReason(r.Kind.Reason), usage[name].Nodes, out.State.Now)
		if err != nil && s.manages(p) {
			invalid = append(invalid, fmt.Errorf("nodepool %q: %w", name, err))
		}
		_, finite := p.Spec.Disruption.ConsolidateAfter.Value()
		out.State.Pools[name] = disrupt.Pool{
			Managed:           s.manages(p),
			Paused:            p.Annotations[v1.DoNotDisruptAnnotationKey] == v1.LabelValueTrue,
			Rests:             r.Rests != nil && r.Rests(name),
			Static:            p.Spec.Replicas != nil,
			NeverConsolidates: !finite,
			Balanced:          p.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyBalanced,
			OnlyWhenEmpty:     p.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyWhenEmpty,
			Types:             catalogues[name].types(),
			Budget:            disrupt.Budget{Usage: usage[name], Limit: limit},
		}
	}
	out.InvalidBudgets = errors.Join(sorted(invalid)...)
}

// evictable is how many more pods of each workload consolidation may move (DIS-172).
func (s *Surveyor) evictable(out *Survey, recent moves.Recent) map[string]int {
	pods := map[string]int{}
	for i := range out.State.Nodes {
		for j := range out.State.Nodes[i].Pods {
			if p := &out.State.Nodes[i].Pods[j]; p.Reschedulable && p.Workload != "" {
				pods[p.Workload]++
			}
		}
	}
	left := make(map[string]int, len(pods))
	for workload, n := range pods {
		left[workload] = disrupt.Evictable(n, recent.Count(workload), s.MovesPerHour)
	}
	return left
}

func (s *Surveyor) manages(p *v1.NodePool) bool {
	return s.NodeClasses.Manages(p.Spec.Template.Spec.NodeClassRef)
}
