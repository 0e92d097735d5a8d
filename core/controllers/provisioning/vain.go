// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/provisioning/launches"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/question"
)

// hold keeps pods back for whose workloads nodes were launched in vain: from the
// pools where that happened, until the next attempt is due (SCH-302).
func (p *Provisioner) hold(ctx context.Context, g *gathered) {
	now := p.Clock.Now()
	if p.launches.Open() {
		aftermath := newAftermath(p.Cluster, g)
		for _, v := range p.launches.Judge(now, aftermath) {
			log.FromContext(ctx).Info("launched a node in vain", "NodePool", named(v.Pool.Name), "NodeClaim", named(v.NodeClaim), "reason", v.Why)
			p.notices.inVain(v, aftermath.pending[v.Pod], p.nodePool(g, v.Pool.Name))
		}
	}
	p.holdBack(g, now)
}

// holdBack gives the pods that wait the classes that say so.
func (p *Provisioner) holdBack(g *gathered, now time.Time) {
	classes, expected := map[held]*model.Class{}, p.launches.Expected()
	for i, pod := range g.Pods {
		of := launches.PodOf(pod)
		key := held{g.Models[i].Class, of.Workload, expected.At(of)}
		class, known := classes[key]
		if !known {
			class = p.heldClass(g, key, now)
			classes[key] = class
		}
		g.Models[i].Class = class
	}
}

// held is who shares what it waits for.
type held struct {
	class    *model.Class
	workload launches.Workload
	expected string // on a node that was launched
}

// heldClass is the class with the pools that its workload waits for, the same if
// there are none.
func (p *Provisioner) heldClass(g *gathered, of held, now time.Time) *model.Class {
	var waits map[string]string
	for i := range g.Pools {
		why, wait := p.wait(of, revision(g.Pools[i].NodePool), now)
		if !wait {
			continue
		}
		if waits == nil {
			waits = map[string]string{}
		}
		waits[g.Pools[i].NodePool.Name] = why
	}
	if waits == nil {
		return of.class
	}
	class := *of.class
	class.Waits = waits
	return &class
}

func (p *Provisioner) wait(of held, pool launches.Pool, now time.Time) (why string, wait bool) {
	if of.expected != "" {
		return of.expected + " was launched for this pod; whether it takes it is about to show", true
	}
	until, why, wait := p.launches.Wait(of.workload, pool, now)
	return why + "; next attempt at " + until.UTC().Format(time.TimeOnly) + " UTC", wait
}

// revision is a NodePool as far as launches are concerned.
func revision(np *v1.NodePool) launches.Pool {
	return launches.Pool{Name: np.Name, Generation: np.Generation}
}

func (p *Provisioner) nodePool(g *gathered, name string) *v1.NodePool {
	for i := range g.Pools {
		if g.Pools[i].NodePool.Name == name {
			return g.Pools[i].NodePool
		}
	}
	return nil
}

// opened remembers what a NodeClaim was created for.
func (p *Provisioner) opened(g *gathered, pool *question.Pool, nodeClaim string, pods []int) {
	launch := launches.Launch{NodeClaim: nodeClaim, Pool: revision(pool.NodePool)}
	for _, i := range pods {
		launch.Pods = append(launch.Pods, launches.PodOf(g.Pods[i]))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.launches.Launched(launch, p.Clock.Now())
}

// aftermath is what a round knows of earlier launches; it implements
// [launches.World].
type aftermath struct {
	cluster    *cluster.Cluster
	snapshot   *cluster.Snapshot
	nodes      map[string]*cluster.StateNode // by NodeClaim
	unlaunched map[string]bool               // NodeClaims
	pending    map[types.UID]*corev1.Pod
	workloads  map[launches.Workload]*corev1.Pod // one that waits of each
}

func newAftermath(c *cluster.Cluster, g *gathered) *aftermath {
	a := &aftermath{
		cluster: c, snapshot: g.Cluster, nodes: map[string]*cluster.StateNode{}, unlaunched: map[string]bool{},
		pending: map[types.UID]*corev1.Pod{}, workloads: map[launches.Workload]*corev1.Pod{},
	}
	for _, n := range g.Cluster.Nodes() {
		if n.Managed() {
			a.nodes[n.NodeClaim().Name] = n
		}
	}
	for _, u := range g.Cluster.Unlaunched() {
		a.unlaunched[u.NodeClaim.Name] = u.NodeClaim.DeletionTimestamp == nil
	}
	for _, pod := range g.Pods {
		if pod.Spec.NodeName == "" {
			a.pending[pod.UID] = pod
			a.workloads[launches.WorkloadOf(pod)] = pod
		}
	}
	return a
}

// Node implements [launches.World].
func (a *aftermath) Node(nodeClaim string) launches.Node {
	n := a.nodes[nodeClaim]
	if n == nil {
		return launches.Node{Gone: !a.unlaunched[nodeClaim], Served: a.cluster.Served(nodeClaim)}
	}
	now := a.snapshot.Taken
	out := launches.Node{
		Launched: true, Gone: n.MarkedForDeletion() || a.snapshot.Lost(n),
		Ready: n.Initialized(), Overdue: n.Overdue(now), Blocker: blocker(n.NodeClaim()),
		Served: a.cluster.Served(nodeClaim),
	}
	if n.Node() != nil {
		out.Name = n.Node().Name
	}
	for _, pod := range n.Pods() {
		if pod.System() {
			continue
		}
		out.Occupied = true
		if pod.Stayed(now) >= launches.Settle {
			out.Settled = append(out.Settled, launches.PodOf(pod.Pod))
		}
	}
	return out
}

// blocker is what a NodeClaim says of a node that does not get ready.
func blocker(nc *v1.NodeClaim) string {
	for _, kind := range []string{v1.ConditionTypeRegistered, v1.ConditionTypeInitialized} {
		for _, c := range nc.Status.Conditions { // read as they are: the object is shared
			if c.Type == kind && c.Status != metav1.ConditionTrue && c.Message != "" {
				return c.Message
			}
		}
	}
	return "nothing says why"
}

// Runs implements [launches.World].
func (a *aftermath) Runs(pod launches.Pod) bool {
	return a.snapshot.Bound(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}})
}

// Waits implements [launches.World].
func (a *aftermath) Waits(pod launches.Pod) (types.UID, string, bool) {
	waiting := a.pending[pod.UID]
	if waiting == nil {
		waiting = a.workloads[pod.Workload]
	}
	if waiting == nil {
		return "", "", false
	}
	return waiting.UID, schedulerSays(waiting), true
}

// spoken is how many bytes of the scheduler's message others repeat.
const spoken = 300

// schedulerSays are the words of the scheduler about a pod that it did not place.
func schedulerSays(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status != corev1.ConditionTrue {
			if len(c.Message) > spoken {
				return strings.ToValidUTF8(c.Message[:spoken], "") + "..."
			}
			return c.Message
		}
	}
	return ""
}

// standing reports the pods that stand before ready nodes which the scheduler
// does not give them (SCH-304).
func (p *Provisioner) standing(g *gathered, placements map[int]*cluster.StateNode) {
	var list []launches.Placement
	pods := map[types.UID]int{}
	for i, n := range placements {
		if n.Initialized() && g.Pods[i].Spec.NodeName == "" {
			list = append(list, launches.Placement{Pod: launches.PodOf(g.Pods[i]), Node: n.Key()})
			pods[g.Pods[i].UID] = i
		}
	}
	for _, late := range p.stands.Round(p.Clock.Now(), list) {
		i := pods[late.Pod.UID]
		p.notices.disagrees(g.Pods[i], placements[i], p.until(g, i, late.Node))
	}
}

// until tells what keeps a pod from a target until others have their place; empty
// if nothing does.
func (p *Provisioner) until(g *gathered, pod int, key string) string {
	target, ok := g.Cluster.Targets().Index(key)
	if !ok {
		return ""
	}
	why := place.Explain(p.input(g), pod, target)
	if len(why) == 0 {
		return ""
	}
	return why.String()
}

// shunned are the targets that workloads stood before in vain, and the pods of
// these workloads (SCH-304).
func (p *Provisioner) shunned(g *gathered) (nodes, pods bitset.Set) {
	keys := map[string]bool{}
	now := p.Clock.Now()
	known := map[launches.Workload][]string{}
	for i, pod := range g.Pods {
		w := launches.WorkloadOf(pod)
		if _, asked := known[w]; !asked {
			known[w] = p.stands.Shunned(w, now)
		}
		if len(known[w]) > 0 {
			pods = pods.Add(i)
			for _, key := range known[w] {
				keys[key] = true
			}
		}
	}
	nodes, _ = g.Cluster.Targets().Without(slices.Collect(maps.Keys(keys))...)
	return nodes, pods
}
