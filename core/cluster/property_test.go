// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
)

// LIF-011, LIF-013, LIF-014, LIF-015, LIF-030, LIF-031, LIF-032, LIF-034,
// LIF-045, LIF-047, LIF-048: whatever the order in which versions of objects
// come, with repetitions and late old versions, the model ends as one made from
// the last versions alone.
func TestOrderOfEventsDoesNotMatter(t *testing.T) {
	for seed := range uint64(400) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			last := play(r, w)
			compare := func(when string) {
				t.Helper()
				if diff := cmp.Diff(last.expected(), observed(w)); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", when, diff)
				}
			}
			compare("after all events")
			for range 3 {
				key := randomKey(r)
				if r.IntN(2) == 0 {
					w.MarkForDeletion(key)
					last.marked[key] = true
				} else {
					w.UnmarkForDeletion(key)
					delete(last.marked, key)
				}
				compare("after marking " + key)
			}
		})
	}
}

// history is the versions of one object, oldest first; nil at the end is its
// deletion.
type history struct {
	name     string
	versions []metav1.Object
	at       int
}

// play sends random versions of random objects and returns what is left.
func play(r *rand.Rand, w *world) *reference {
	last := newReference()
	histories := randomHistories(r, w)
	histories = append(histories, &history{name: "always", versions: []metav1.Object{daemonPod("always", 0)}})
	w.UpdateDaemonSet(daemonSet())
	for len(histories) > 0 {
		i := r.IntN(len(histories))
		h := histories[i]
		if h.at > 0 && r.IntN(4) == 0 {
			send(w, h.again(r))
			continue
		}
		o := h.versions[h.at]
		if o == nil {
			remove(w, h.versions[h.at-1])
		} else {
			send(w, o)
		}
		last.take(h, o)
		if h.at++; h.at == len(h.versions) {
			histories = slices.Delete(histories, i, i+1)
		}
	}
	w.UpdateDaemonSet(daemonSet())
	return last
}

// again is the last version that was sent, or one from before. Of a pod that does
// not count the model keeps no version to tell them apart by; watches never go
// back.
func (h *history) again(r *rand.Rand) metav1.Object {
	last := h.versions[h.at-1]
	if pod, ok := last.(*corev1.Pod); ok && (pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodFailed) {
		return last
	}
	return h.versions[r.IntN(h.at)]
}

func send(w *world, o metav1.Object) {
	switch o := o.(type) {
	case *corev1.Node:
		w.UpdateNode(o)
	case *v1.NodeClaim:
		w.UpdateNodeClaim(o)
	case *corev1.Pod:
		w.UpdatePod(o, settled)
	}
}

func remove(w *world, o metav1.Object) {
	switch o := o.(type) {
	case *corev1.Node:
		w.DeleteNode(o.Name)
	case *v1.NodeClaim:
		w.DeleteNodeClaim(o.Name)
	case *corev1.Pod:
		w.DeletePod(key(o))
	}
}

const few = 5 // objects of each kind share so many names and keys

func randomKey(r *rand.Rand) string { return "id" + strconv.Itoa(r.IntN(few)) }

func randomHistories(r *rand.Rand, w *world) []*history {
	var out []*history
	add := func(name string, make func() metav1.Object) {
		h := &history{name: name}
		for range 1 + r.IntN(4) {
			o := make()
			o.SetResourceVersion(w.next())
			h.versions = append(h.versions, o)
		}
		if r.IntN(4) == 0 {
			h.versions = append(h.versions, nil)
		}
		out = append(out, h)
	}
	for i := range few {
		name := "n" + strconv.Itoa(i) // Nodes and NodeClaims share names
		add(name, func() metav1.Object { return randomNode(r, name) })
		add(name, func() metav1.Object { return randomClaim(r, name) })
	}
	for i := range 3 * few {
		name := "p" + strconv.Itoa(i)
		add(name, func() metav1.Object { return randomPod(r, name) })
	}
	return out
}

func pick[T any](r *rand.Rand, options ...T) T { return options[r.IntN(len(options))] }

func randomNode(r *rand.Rand, name string) *corev1.Node {
	id := pick(r, "", randomKey(r), randomKey(r), randomKey(r))
	n := newNode(name, id, pick(r,
		func(*corev1.Node) {}, registered(), initialized("pool"), initialized("other"),
		labels(v1.NodePoolLabelKey, "pool"), deletedNode))
	n.Status.Capacity = resources("cpu", strconv.Itoa(1+r.IntN(4)))
	n.CreationTimestamp = metav1.NewTime(start.Add(time.Duration(r.IntN(3)) * time.Second))
	return n
}

func randomClaim(r *rand.Rand, name string) *v1.NodeClaim {
	return newClaim(name, pick(r, "", randomKey(r), randomKey(r), randomKey(r)), pick(r,
		func(*v1.NodeClaim) {}, func(*v1.NodeClaim) {},
		func(nc *v1.NodeClaim) { nc.Labels[v1.NodePoolLabelKey] = "other" },
		func(nc *v1.NodeClaim) { delete(nc.Labels, v1.NodePoolLabelKey) },
		deletedClaim, condition(v1.ConditionTypeInstanceTerminating, "True")))
}

func randomPod(r *rand.Rand, name string) *corev1.Pod {
	p := newPod(name, pick(r, "", "n0", "n1", "n2", "n3", "n4", "nowhere"), pick(r,
		func(*corev1.Pod) {}, func(*corev1.Pod) {}, phase(corev1.PodFailed), terminating, owner("apps/v1", "DaemonSet")))
	p.Spec.Containers[0].Resources.Requests = resources("cpu", fmt.Sprintf("%dm", 1+r.IntN(100)))
	p.CreationTimestamp = metav1.NewTime(start.Add(time.Duration(r.IntN(3)) * time.Second))
	return p
}

// observed describes the model.
func observed(w *world) map[string]string {
	out := map[string]string{}
	s := w.Snapshot()
	for _, n := range s.Nodes() {
		out["node "+n.Key()] = describe(n.Node(), n.NodeClaim(), n.View(), n.MarkedForDeletion())
		for _, p := range n.Pods() {
			out["pod "+p.Namespace+"/"+p.Name] = fmt.Sprintf("on %s version %s", n.Key(), p.ResourceVersion)
		}
		out["cpu requests "+n.Key()] = fmt.Sprint(n.Requests().Get(0), n.DaemonRequests().Get(0))
	}
	for _, pool := range []string{"pool", "other"} {
		out["capacity "+pool] = fmt.Sprint(s.Capacity(pool).Get(0), s.Capacity(pool).Get(4))
		out["claims "+pool] = fmt.Sprint(w.PoolNodeClaims(pool))
	}
	for _, u := range s.Unlaunched() {
		out["unlaunched "+u.NodeClaim.Name] = u.NodeClaim.ResourceVersion
	}
	targets, i := s.Targets(), 0
	for at, n := range targets.Nodes {
		if targets.At(at).StateNode != nil { // inherited ones have their own test
			out["target "+strconv.Itoa(i)] = fmt.Sprint(n.Name, n.Free.Get(0))
			i++
		}
	}
	if sample := w.Sample(namespaced(daemonSet())); sample != nil {
		out["sample"] = sample.Name
	}
	return out
}

func describe(node *corev1.Node, claim *v1.NodeClaim, v *cluster.View, marked bool) string {
	out := fmt.Sprintf("%s stage %d pool %q marked %t", v.Name, v.Stage, v.NodePool(), marked)
	if node != nil {
		out += " Node " + node.Name + " version " + node.ResourceVersion
	}
	if claim != nil {
		out += " NodeClaim " + claim.Name + " version " + claim.ResourceVersion
	}
	return out
}
