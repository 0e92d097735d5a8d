// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"slices"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/question"
)

// View is the world as a policy sees it at one moment. It is valid during the call
// that it was given to.
type View struct {
	r *replay
	// own are the nodes of the command that is validated: they are not held.
	own      map[string]bool
	after    time.Duration
	never    bool
	nodes    []disrupt.Node // made when first asked for
	question *question.Question
	whatIf   *whatIf
	took     time.Duration
	waits    time.Duration
	waiting  bool
}

func newView(r *replay, own []string) *View {
	v := &View{r: r, own: map[string]bool{}}
	for _, id := range own {
		v.own[id] = true
	}
	after, finite := r.Pool.Spec.Disruption.ConsolidateAfter.Value()
	v.after, v.never = after, !finite
	return v
}

func (v *View) all() []disrupt.Node {
	if v.nodes == nil {
		for _, m := range v.r.machines {
			if m.stage != ordered {
				v.nodes = append(v.nodes, v.node(m))
			}
		}
	}
	return v.nodes
}

// Now is the time.
func (v *View) Now() time.Time { return v.r.Now() }

// Took says that the decision takes so much more time.
func (v *View) Took(d time.Duration) { v.took += d }

// Nodes is how many nodes there are.
func (v *View) Nodes() int { return len(v.all()) }

// State is what a method of some reason decides from. The nodes are in the order in
// which they were launched.
func (v *View) State(reason disrupt.Reason) (disrupt.State, error) {
	pool, usage := v.r.Pool, disrupt.Count(v.all())[v.r.Pool.Name]
	limit, err := pool.Spec.Disruption.AllowedDisruptions(v1.DisruptionReason(reason), usage.Nodes, v.Now())
	if err != nil {
		return disrupt.State{}, fmt.Errorf("reading the budgets of NodePool %q: %w", pool.Name, err)
	}
	return disrupt.State{Now: v.Now(), Nodes: v.all(), Evictable: v.r.evictable(), Pools: map[string]disrupt.Pool{pool.Name: {
		Managed: true, NeverConsolidates: v.never, Budget: disrupt.Budget{Usage: usage, Limit: limit},
		OnlyWhenEmpty: pool.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyWhenEmpty,
		Balanced:      pool.Spec.Disruption.ConsolidationPolicy == v1.ConsolidationPolicyBalanced,
	}}}, nil
}

// evictable is what is left of the evictions that workloads may see within an hour.
func (r *replay) evictable() map[string]int {
	out := make(map[string]int, len(r.apps))
	for name, a := range r.apps {
		a.moves = slices.DeleteFunc(a.moves, func(at time.Duration) bool { return r.now-at >= disrupt.CoolDown })
		out[name] = disrupt.Evictable(a.wanted, len(a.moves), disrupt.EvictionRate)
	}
	return out
}

// node is a machine as disruption sees it.
func (v *View) node(m *machine) disrupt.Node {
	n := disrupt.Node{
		ID: m.key, Name: m.name, Pool: v.r.Pool.Name,
		Held:    v.r.loop.held[m.key] && !v.own[m.key],
		Claimed: true, Exists: m.registered, Initialized: m.registered, Ready: m.registered,
		Leaving: m.stage == leaving, Price: m.offering.Price, Created: m.claim.CreationTimestamp.Time,
		TypeKnown: true, Zone: m.zone, CapacityType: m.offering.CapacityType(),
	}
	if m.stage == ready {
		n.Consolidatable = v.ripe(m)
		n.Nominated = v.nominated(m)
	}
	n.Pods = v.moved(m, m.seen())
	return n
}

// moved marks the pods that disruption has moved of late.
func (v *View) moved(m *machine, pods []disrupt.Pod) []disrupt.Pod {
	own := false
	for i, p := range m.pods {
		if p.slot.was && v.r.now-p.slot.moved < disrupt.CoolDown {
			if !own {
				pods, own = slices.Clone(pods), true
			}
			pods[i].Moved = true
		}
	}
	return pods
}

// seen are the pods of a machine as disruption sees them. Most machines did not
// change since they were last looked at, and the slice is nobody's to write to.
func (m *machine) seen() []disrupt.Pod {
	if m.looks != nil {
		return m.looks
	}
	out, bounded := make([]disrupt.Pod, len(m.pods)), false
	for i, p := range m.pods {
		out[i] = disrupt.Pod{
			Namespace: namespace, Name: p.object.Name, Active: !p.leaving, Reschedulable: !p.leaving,
			EvictionCost: disrupt.EvictionCost(0, 0), Workload: p.shape.App,
		}
		if bounded = bounded || p.app.most >= 0; !p.leaving && !p.app.lets() {
			out[i].Blocking = []string{p.shape.App}
		}
	}
	if !bounded {
		m.looks = out
	}
	return out
}

// ripe reports whether a machine has been quiet for long enough.
func (v *View) ripe(m *machine) bool {
	q := disrupt.Quiet{Initialized: true, InitializedAt: start().Add(m.readyAt), After: v.after, Never: v.never}
	if m.stirred {
		q.LastPodEvent = start().Add(m.lastEvent)
	}
	yes, wait := q.Consolidatable(v.Now())
	v.wait(wait)
	return yes
}

// nominated reports whether pods are expected on a machine.
func (v *View) nominated(m *machine) bool {
	v.wait(m.nominated - v.r.now)
	return m.nominated > v.r.now
}

// wait notes that time alone changes the view.
func (v *View) wait(d time.Duration) {
	if d > 0 && (!v.waiting || d < v.waits) {
		v.waits, v.waiting = d, true
	}
}

// soonest is when time alone changes the view, if it does.
func (v *View) soonest() (time.Duration, bool) { return v.waits, v.waiting }

// CapacityType is how a machine is paid for.
func (v *View) CapacityType(id string) string { return v.r.byKey[id].offering.CapacityType() }

// Type is what a machine is.
func (v *View) Type(id string) *cloudprovider.InstanceType { return v.r.byKey[id].itype }

// Types are those of a bin, the cheapest first.
func (v *View) Types(bin *place.Bin) []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, len(bin.Types))
	for i, t := range bin.Types {
		out[i] = v.question.Pools[bin.Pool].Types[t]
	}
	return out
}

// Requirements are those of a bin on its offerings, beside its types.
func (v *View) Requirements(bin *place.Bin) requirement.Requirements {
	return v.question.Cluster.Compiler().Vocabulary().Decompile(bin.Requirements)
}

// WellKnown reports whether a label may be left undefined by requirements.
func (v *View) WellKnown(key string) bool { return v.r.words.IsWellKnown(key) }

// NodeClaim is the NodeClaim of a bin.
func (v *View) NodeClaim(bin *place.Bin) (*v1.NodeClaim, error) { return claimOf(v.question, bin) }
