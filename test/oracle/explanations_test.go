// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"pgregory.net/rapid"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/test/oracle/internal/exhaust"
	"karpenter.sh/test/oracle/internal/replay"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/scheduler"
	"karpenter.sh/test/oracle/internal/world"
)

// SCH-135: what is told about a pod and a node is what the scheduler's filters say
// of them before any pod has its place: each kind of reason exactly if the plugins
// of that kind refuse.
func TestTheSchedulerAgreesWithExplanations(t *testing.T) {
	kinds := newKinds(t)
	asked, told, open := 0, map[string]int{}, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Usual()))
		e := newExplained(rt, r, kinds)
		for pod := range r.Pods {
			for node := range r.Input.Snapshot.Nodes {
				if e.overcommitted(node) {
					continue
				}
				asked++
				for kind := range e.check(t.Context(), rt, pod, node) {
					told[kind]++
				}
				if e.checkPools(t.Context(), rt, pod, node) {
					open++
				}
			}
		}
	})
	t.Logf("asked %d times; told %v, %d more for nodes that could be launched", asked, told, open)
	for _, k := range kinds {
		if told[k.name] == 0 {
			t.Errorf("%s were never told", k.name)
		}
	}
}

// kind is a kind of reason with the plugins that refuse for it.
type kind struct {
	name    string
	filters *scheduler.Filters
}

func newKinds(t *testing.T) []kind {
	t.Helper()
	var out []kind
	for _, k := range []struct {
		name    string
		plugins []string
	}{
		{"resources", []string{names.NodeResourcesFit}},
		{"ports", []string{names.NodePorts}},
		{"taints", []string{names.TaintToleration, names.NodeUnschedulable}},
		{"labels", []string{names.NodeAffinity}},
		{"spread", []string{names.PodTopologySpread}},
		{"affinity", []string{names.InterPodAffinity}},
		{"volumes", []string{names.VolumeZone, names.VolumeBinding, names.VolumeRestrictions}},
		{"attachments", []string{names.NodeVolumeLimits}},
	} {
		filters, err := scheduler.Only(t.Context(), k.plugins...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, kind{k.name, filters})
	}
	return out
}

// kindsOf are the kinds of reasons in a list.
func kindsOf(why reason.List) map[string]bool {
	out := map[string]bool{}
	for _, r := range why {
		switch r.Cause {
		case reason.Room:
			out["resources"] = true
		case reason.HostPorts:
			out["ports"] = true
		case reason.Taints:
			out["taints"] = true
		case reason.Labels, reason.Contradiction:
			out["labels"] = true
		case reason.Volumes, reason.VolumeConflict:
			out["volumes"] = true
		case reason.AttachLimits:
			out["attachments"] = true
		case reason.Topology:
			for _, rule := range r.Topology {
				out[map[bool]string{true: "spread", false: "affinity"}[strings.HasPrefix(rule.Kind, "topology spread")]] = true
			}
		default:
			out[fmt.Sprintf("unexpected cause %d", r.Cause)] = true
		}
	}
	return out
}

// explained is a round with what the scheduler looks at.
type explained struct {
	*round.Round
	kinds    []kind
	clusters []*scheduler.Cluster
	stage    replay.Stage
	// alone is the question as if no pool could launch a node.
	alone place.Input
}

func newExplained(rt *rapid.T, r *round.Round, kinds []kind) *explained {
	e := &explained{Round: r, kinds: kinds, stage: before(r.World), alone: r.Input}
	snapshot := *r.Input.Snapshot
	snapshot.Pools = nil
	e.alone.Snapshot = &snapshot
	for _, k := range kinds {
		e.clusters = append(e.clusters, e.look(rt, k, e.stage.Nodes))
	}
	return e
}

// before is the world before any pod has its place. Daemons that are still to come
// take room and ports; rules count them once they run (SCH-128). Since a node can
// always be added, no spread over hostnames has a least count above zero (SCH-155):
// a twin of each node that nobody is bound to says so to the scheduler, and has
// nothing new to say to rules on other keys.
func before(w *world.World) replay.Stage {
	s := replay.NewStage(w, nil)
	for i, p := range s.Bound {
		if !slices.Contains(w.Bound, p) {
			s.Bound[i] = p.DeepCopy()
			s.Bound[i].Labels = nil
		}
	}
	for _, n := range slices.Clone(s.Nodes) {
		twin := n.DeepCopy()
		twin.Name += "-twin"
		twin.Labels[label.Hostname] = twin.Name
		s.Nodes = append(s.Nodes, twin)
	}
	return s
}

// overcommitted reports whether a daemon that is still to come finds no room on the
// node: the engine keeps what room there is for it, the scheduler does not know it.
func (e *explained) overcommitted(node int) bool {
	n := e.Input.Snapshot.Nodes[node]
	return n.Free.Negative() || slices.ContainsFunc(e.World.DaemonSets, func(set *appsv1.DaemonSet) bool {
		i := slices.IndexFunc(e.stage.Nodes, func(o *corev1.Node) bool { return o.Name == n.Name })
		pod := world.DaemonPod(set, n.Name)
		return world.RunsOn(pod, e.stage.Nodes[i]) && !slices.ContainsFunc(e.stage.Bound, func(p *corev1.Pod) bool { return p.Name == pod.Name })
	})
}

// check compares what is told about a pod and a node with what the scheduler says,
// and returns the kinds that are told.
func (e *explained) check(ctx context.Context, rt *rapid.T, pod, node int) map[string]bool {
	why := place.Explain(e.alone, pod, node)
	told := kindsOf(why)
	refused := e.refused(ctx, rt, pod, node)
	for _, k := range e.kinds {
		if told[k.name] == (refused[k.name] != nil) || e.differs(k.name, pod, told) {
			continue
		}
		rt.Fatalf("%s on %s: told %s\nthe scheduler says %v of %s\n%s", e.Pods[pod].Name, e.NodeName(node), why, refused[k.name], k.name, e.World)
	}
	return told
}

// refused is what the plugins of each kind say.
func (e *explained) refused(ctx context.Context, rt *rapid.T, pod, node int) map[string]*scheduler.Refusal {
	out := map[string]*scheduler.Refusal{}
	for i, k := range e.kinds {
		q, err := e.clusters[i].Ask(ctx, e.Pods[pod])
		if err != nil {
			rt.Fatal(err)
		}
		if out[k.name], err = q.On(ctx, e.NodeName(node)); err != nil {
			rt.Fatal(err)
		}
	}
	return out
}

// differs reports whether the engine knowingly says more than one kind of plugin.
func (e *explained) differs(kind string, pod int, told map[string]bool) bool {
	// No pod whose volumes exclude each other is looked at any further.
	return e.Input.Pods[pod].Class.VolumeConflict ||
		kind == "spread" && told[kind] && selectsAll(e.Pods[pod])
}

// selectsAll reports whether a spread of the pod has an empty selector. It counts all
// pods of the namespace (SCH-147), where the scheduler counts none.
func selectsAll(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
		return c.LabelSelector != nil && len(c.LabelSelector.MatchLabels)+len(c.LabelSelector.MatchExpressions) == 0
	})
}

// checkPools checks that pools add nothing but reasons of spreads, for domains where
// a node could be launched (SCH-142), and reports whether they do.
func (e *explained) checkPools(ctx context.Context, rt *rapid.T, pod, node int) bool {
	alone, told := kindsOf(place.Explain(e.alone, pod, node)), kindsOf(place.Explain(e.Input, pod, node))
	added := told["spread"] && !alone["spread"]
	for _, k := range e.kinds {
		if told[k.name] != alone[k.name] && !(k.name == "spread" && added) {
			rt.Fatalf("%s on %s: with pools told %v, without %v\n%s", e.Pods[pod].Name, e.NodeName(node), told, alone, e.World)
		}
	}
	if !added {
		return false
	}
	open, err := exhaust.Open(e.Round, pod)
	if err != nil {
		rt.Fatal(err)
	}
	i := slices.IndexFunc(e.kinds, func(k kind) bool { return k.name == "spread" })
	e.clusters[i] = e.look(rt, e.kinds[i], slices.Concat(e.stage.Nodes, open))
	if e.refused(ctx, rt, pod, node)["spread"] == nil && !selectsAll(e.Pods[pod]) {
		rt.Fatalf("%s on %s: told %s\nthe scheduler would spread it there beside all new nodes that there could be\n%s",
			e.Pods[pod].Name, e.NodeName(node), place.Explain(e.Input, pod, node), e.World)
	}
	e.clusters[i] = e.look(rt, e.kinds[i], e.stage.Nodes)
	return true
}

func (e *explained) look(rt *rapid.T, k kind, nodes []*corev1.Node) *scheduler.Cluster {
	c, err := k.filters.Look(nodes, e.stage.Bound, replay.Objects(e.World))
	if err != nil {
		rt.Fatal(err)
	}
	return c
}
