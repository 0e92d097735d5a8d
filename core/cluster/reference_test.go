// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
)

// reference is the obvious model: the last version of every object, and everything
// worked out from them anew whenever it is asked for.
type reference struct {
	nodes  map[string]*corev1.Node
	claims map[string]*v1.NodeClaim
	pods   map[string]*corev1.Pod
	marked map[string]bool
}

func newReference() *reference {
	return &reference{
		nodes: map[string]*corev1.Node{}, claims: map[string]*v1.NodeClaim{},
		pods: map[string]*corev1.Pod{}, marked: map[string]bool{},
	}
}

func (w *reference) take(h *history, o metav1.Object) {
	switch h.versions[0].(type) {
	case *corev1.Node:
		put(w.nodes, h.name, o)
	case *v1.NodeClaim:
		put(w.claims, h.name, o)
	case *corev1.Pod:
		put(w.pods, h.name, o)
	}
}

func put[T any](m map[string]*T, name string, o metav1.Object) {
	if o == nil {
		delete(m, name)
		return
	}
	m[name] = any(o).(*T)
}

// pair is the two sides of one key.
type pair struct {
	key   string
	node  *corev1.Node
	claim *v1.NodeClaim
	view  cluster.View
}

func (w *reference) pairs() []*pair {
	byKey := map[string]*pair{}
	of := func(key string) *pair {
		if byKey[key] == nil {
			byKey[key] = &pair{key: key}
		}
		return byKey[key]
	}
	for _, n := range w.nodes {
		if key := trackedAs(n); key != "" {
			if p := of(key); p.node == nil || youngerThan(n, p.node) {
				p.node = n
			}
		}
	}
	for _, c := range w.claims {
		if key := c.Status.ProviderID; key != "" {
			if p := of(key); p.claim == nil || youngerThan(c, p.claim) {
				p.claim = c
			}
		}
	}
	out := slices.Collect(maps.Values(byKey))
	for _, p := range out {
		p.view = cluster.ViewOf(p.node, p.claim)
	}
	slices.SortFunc(out, func(a, b *pair) int {
		return cmp.Or(
			cmp.Compare(late(a), late(b)), strings.Compare(a.view.Name, b.view.Name), strings.Compare(a.key, b.key))
	})
	return out
}

func late(p *pair) int {
	if p.view.Stage == cluster.Initialized {
		return 0
	}
	return 1
}

func trackedAs(n *corev1.Node) string {
	pool, inPool := n.Labels[v1.NodePoolLabelKey]
	_, typed := n.Labels[corev1.LabelInstanceTypeStable]
	switch {
	case n.Spec.ProviderID == "" && pool == "":
		return "node/" + n.Name
	case n.Spec.ProviderID == "" || inPool && !typed && n.Labels[v1.NodeInitializedLabelKey] == "":
		return ""
	}
	return n.Spec.ProviderID
}

func youngerThan(a, b metav1.Object) bool {
	if x, y := a.GetCreationTimestamp(), b.GetCreationTimestamp(); !x.Equal(&y) {
		return x.After(y.Time)
	}
	return a.GetName() < b.GetName()
}

func (w *reference) isMarked(p *pair) bool {
	if w.marked[p.key] {
		return true
	}
	if p.claim == nil {
		return p.node.DeletionTimestamp != nil
	}
	for _, c := range p.claim.Status.Conditions {
		if c.Type == v1.ConditionTypeInstanceTerminating && c.Status == metav1.ConditionTrue {
			return true
		}
	}
	return p.claim.DeletionTimestamp != nil
}

func (w *reference) podsOn(p *pair) []*corev1.Pod {
	var out []*corev1.Pod
	for _, pod := range w.pods {
		if p.node != nil && pod.Spec.NodeName == p.node.Name && pod.Status.Phase != corev1.PodFailed {
			out = append(out, pod)
		}
	}
	return out
}

func milli(pod *corev1.Pod) int64 {
	return pod.Spec.Containers[0].Resources.Requests.Cpu().MilliValue()
}

// expected describes the world as observed does the model.
func (w *reference) expected() map[string]string {
	out := map[string]string{}
	type sums struct{ cpu, nodes int64 }
	capacity, sets := map[string]sums{}, map[string]*cluster.PoolNodeClaims{"pool": {}, "other": {}}
	marked, targets := map[string]bool{}, 0
	newest := w.newestDaemon(out)
	pairs := w.pairs()
	for _, p := range pairs {
		marked[p.key] = w.isMarked(p)
		out["node "+p.key] = describe(p.node, p.claim, &p.view, marked[p.key])
		var requests, daemons int64
		for _, pod := range w.podsOn(p) {
			out["pod default/"+pod.Name] = fmt.Sprintf("on %s version %s", p.key, pod.ResourceVersion)
			requests += milli(pod)
			if len(pod.OwnerReferences) > 0 {
				daemons += milli(pod)
			}
		}
		out["cpu requests "+p.key] = fmt.Sprint(requests, daemons)
		if marked[p.key] {
			continue
		}
		free := p.view.Allocatable.Cpu().MilliValue() - requests - max(newest-daemons, 0)
		out["target "+strconv.Itoa(targets)] = fmt.Sprint(p.view.Name, free)
		targets++
		if pool := p.view.NodePool(); pool != "" {
			capacity[pool] = sums{capacity[pool].cpu + p.view.Capacity.Cpu().MilliValue(), capacity[pool].nodes + 1}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.claims)) {
		c := w.claims[name]
		if c.Status.ProviderID == "" {
			out["unlaunched "+name] = c.ResourceVersion
		}
		set := sets[c.Labels[v1.NodePoolLabelKey]]
		switch {
		case set == nil:
		case c.DeletionTimestamp != nil || marked[c.Status.ProviderID]:
			set.Deleting = append(set.Deleting, name)
		default:
			set.Active = append(set.Active, name)
		}
	}
	for pool, set := range sets {
		out["capacity "+pool] = fmt.Sprint(capacity[pool].cpu, capacity[pool].nodes)
		out["claims "+pool] = fmt.Sprint(*set)
	}
	return out
}

// newestDaemon is the CPU request of the newest daemon pod, else that of the
// template.
func (w *reference) newestDaemon(out map[string]string) int64 {
	var newest *corev1.Pod
	for _, pod := range w.pods {
		if len(pod.OwnerReferences) == 0 {
			continue
		}
		if newest == nil || pod.CreationTimestamp.After(newest.CreationTimestamp.Time) ||
			pod.CreationTimestamp.Equal(&newest.CreationTimestamp) && pod.Name > newest.Name {
			newest = pod
		}
	}
	if newest == nil {
		return 100
	}
	out["sample"] = newest.Name
	return milli(newest)
}
