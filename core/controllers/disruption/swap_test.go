// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/place"
)

// swap is a method that gives up the nodes whose names begin with "old", for what
// their pods need.
type swap struct {
	// together has all nodes in one command.
	together bool
}

func (swap) Kind() disrupt.Kind {
	return disrupt.Kind{Reason: "Underutilized", Type: "single", Asks: true, Wait: time.Millisecond}
}

func (m swap) Eligible(s disrupt.State) []string {
	var out []string
	for _, n := range s.Nodes {
		if _, blocked := s.Blocked(m.Kind(), n); !blocked {
			out = append(out, n.ID)
		}
	}
	return out
}

func (m swap) Decide(s disrupt.State) disrupt.Decision {
	var old []string
	for _, n := range s.Nodes {
		if _, blocked := s.Blocked(m.Kind(), n); !blocked && strings.HasPrefix(n.Name, "old") {
			old = append(old, n.ID)
		}
	}
	slices.Sort(old)
	d := disrupt.Decision{Eligible: len(old)}
	if m.together && len(old) > 0 {
		return disrupt.Decision{Eligible: len(old), Commands: m.about(s, old...)}
	}
	for _, id := range old {
		d.Commands = append(d.Commands, m.about(s, id)...)
	}
	return d
}

// about is the command about some nodes, if their pods have a place then.
func (m swap) about(s disrupt.State, ids ...string) []disrupt.Command {
	if s.Question == nil {
		return nil
	}
	in, ok := s.Question.Without(ids...)
	if !ok {
		return nil
	}
	c := disrupt.Command{Kind: m.Kind(), Nodes: ids}
	plan := place.Solve(in)
	for _, u := range plan.Unplaced {
		if in.Moved.Has(u.Pod) {
			return nil
		}
	}
	for _, p := range plan.Placements {
		c.Destinations = append(c.Destinations, p.Node)
	}
	for _, bin := range plan.Bins {
		c.Replacements = append(c.Replacements, disrupt.NewReplacement(in, bin))
	}
	return []disrupt.Command{s.Weigh(c)}
}

func (m swap) Validate(fresh disrupt.State, commands []disrupt.Command) []disrupt.Validated {
	out := make([]disrupt.Validated, len(commands))
	for i, c := range commands {
		out[i].Left.Kind = m.Kind()
		for _, left := range m.about(fresh, c.Nodes...) {
			out[i].Left = left
		}
	}
	return out
}

func (m swap) Confirm(n disrupt.Node, now time.Time) (disrupt.Refusal, bool) {
	for _, p := range n.Pods {
		if p.Protection.Active(p.Started, now) {
			return disrupt.Refusal{Node: n.ID, Cause: disrupt.PodProtected, Pod: p.Name}, true
		}
	}
	return disrupt.Refusal{}, false
}

func ready(p *v1.NodePool) {
	p.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
	p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
}

// needing has a pod request CPU; no existing node has any left.
func needing(cpu string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers = []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
		}}}
	}
}

// swapping is a world in which some nodes, each with a pod that needs a machine of
// its own, are to be swapped: their commands are due.
func swapping(t *testing.T, m swap, names ...string) *world {
	t.Helper()
	w := newWorld(t)
	w.methods = []disrupt.Method{m}
	w.restart()
	objects := []client.Object{pool("p", ready)}
	for _, name := range names {
		objects = append(objects, w.objects(name, "p")...)
		objects = append(objects, pod("of-"+name, name, needing("1500m")))
	}
	w.create(objects...)
	w.mustPass()
	return w
}

// started is swapping after the start of its commands.
func started(t *testing.T, m swap, names ...string) *world {
	t.Helper()
	w := swapping(t, m, names...)
	w.mustPass()
	return w
}

// replacements are the NodeClaims that were created for commands, by name.
func (w *world) replacements() []v1.NodeClaim {
	w.t.Helper()
	var list v1.NodeClaimList
	if err := w.api.List(w.ctx, &list); err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(c v1.NodeClaim) bool { return !strings.HasPrefix(c.Name, "p-") })
}

// launch gives a replacement an instance, a Node and the finalizer, but no readiness.
func (w *world) launch(name string) {
	w.t.Helper()
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta(name)}, func(c *v1.NodeClaim) {
		c.Finalizers = []string{v1.TerminationFinalizer}
		c.Status.ProviderID, c.Status.NodeName = "test://"+name, name
		for _, kind := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered} {
			c.StatusConditions(status.WithClock(w.clock)).SetTrue(kind)
		}
	})
	room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourcePods: resource.MustParse("10")}
	w.create(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "node-of-a-replacement", Labels: map[string]string{
			v1.NodePoolLabelKey: "p", v1.NodeRegisteredLabelKey: "true", corev1.LabelInstanceTypeStable: "cheap",
			corev1.LabelTopologyZone: "z", v1.CapacityTypeLabelKey: v1.CapacityTypeOnDemand,
		}},
		Spec: corev1.NodeSpec{ProviderID: "test://" + name},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	})
}

// initialize brings a replacement into service.
func (w *world) initialize(name string) {
	w.t.Helper()
	w.launch(name)
	w.finish(name)
}

// finish brings what was launched into service.
func (w *world) finish(name string) {
	w.t.Helper()
	change(w, &corev1.Node{ObjectMeta: objectMeta(name)}, func(n *corev1.Node) { n.Labels[v1.NodeInitializedLabelKey] = "true" })
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta(name)}, func(c *v1.NodeClaim) {
		c.StatusConditions(status.WithClock(w.clock)).SetTrue(v1.ConditionTypeInitialized)
	})
}

// mustQueue carries all commands on, which must not fail.
func (w *world) mustQueue() {
	w.t.Helper()
	if err := w.queue(); err != nil {
		w.t.Fatalf("queue: %v", err)
	}
	w.watch()
}

// failed checks that no command is left, and that nothing of one is on the nodes.
func (w *world) failed(names ...string) {
	w.t.Helper()
	if n := len(w.loop.Queue().Commands()); n != 0 {
		w.t.Errorf("%d commands", n)
	}
	for _, name := range names {
		w.expect(name, untouched)
		if w.marked(name) || w.loop.Queue().Holds("test://"+name) {
			w.t.Errorf("%s is marked or held", name)
		}
	}
}
