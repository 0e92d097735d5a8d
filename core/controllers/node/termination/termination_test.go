// SPDX-License-Identifier: Apache-2.0

package termination_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/events"
)

// LIF-130, LIF-145, LIF-175, LIF-177
func TestTermination(t *testing.T) {
	w := leaving(t)
	if got := w.pass(); got != time.Second {
		t.Errorf("the drain is looked at again after %v", got)
	}
	w.expect(v1.ConditionTypeDrained, "Unknown/Draining")
	w.Clock.Step(5 * time.Second)
	if got := w.pass(); got != 5*time.Second {
		t.Errorf("the instance is looked at again after %v", got)
	}
	w.expect(v1.ConditionTypeDrained, "True/Drained")
	w.expect(v1.ConditionTypeVolumesDetached, "True/VolumesDetached")
	w.expect(v1.ConditionTypeInstanceTerminating, "True/InstanceTerminating")
	w.Clock.Step(5 * time.Second)
	w.pass()
	if !w.gone() {
		t.Fatal("the Node is still there")
	}
	pool := map[string]string{"nodepool": fixture.NodePool}
	for _, metric := range []string{
		"karpenter_nodes_terminated_total", "karpenter_nodes_termination_duration_seconds",
		"karpenter_nodes_lifetime_duration_seconds", "karpenter_nodes_drained_total",
	} {
		if got := w.Metric(metric, pool); got != 1 {
			t.Errorf("%s counted %v", metric, got)
		}
	}
	if !slices.Contains(w.evictor.abandoned, "a") {
		t.Error("the evictor was not told")
	}
	w.pass() // it is gone
}

// LIF-130, LIF-002, LIF-184
func TestOthersAreLeftAlone(t *testing.T) {
	foreign := func(n *corev1.Node) { delete(n.Labels, fixture.NodeClassLabel) }
	hold := func(n *corev1.Node) { n.Finalizers = []string{"example.com/hold"} }
	for name, node := range map[string]*corev1.Node{
		"not deleting": fixture.Node(fixture.NodeClaim("a")),
		"of another":   leavingNode(foreign),
		"no finalizer": leavingNode(hold),
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, node)
			w.pass()
			if got := w.Writes.Names(); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
		})
	}
	t.Run("the value of the label does not matter", func(t *testing.T) {
		w := setup(t, leavingNode(func(n *corev1.Node) { n.Labels[fixture.NodeClassLabel] = "" }))
		w.pass()
		if !w.gone() {
			t.Error("left alone")
		}
	})
}

// LIF-131
func TestNodeClaimGoesAlong(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", fixture.Initialized), leavingNode())
	w.pass()
	if fixture.Read(w.World, fixture.NodeClaim("a")).DeletionTimestamp.IsZero() {
		t.Error("the NodeClaim was not deleted")
	}
	if w.gone() {
		t.Error("the Node went without its drain")
	}
}

// LIF-131, LIF-134, LIF-145, LIF-184
func TestWithoutNodeClaim(t *testing.T) {
	several := []client.Object{
		fixture.NodeClaim("a", fixture.Initialized),
		fixture.NodeClaim("b", fixture.Initialized, func(n *v1.NodeClaim) { n.Status.ProviderID = fixture.ProviderID("a") }),
	}
	unmanaged := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Kind = "Other" })
	for name, objects := range map[string][]client.Object{
		"none": nil, "several": several, "unmanaged": {unmanaged},
	} {
		t.Run(name, func(t *testing.T) {
			pod := fixture.Pod("p", "a")
			w := setup(t, append(objects, leavingNode(), pod)...)
			if got := w.pass(); got != time.Second || w.gone() {
				t.Errorf("not drained: gone %v, looked at again after %v", w.gone(), got)
			}
			if !slices.Equal(w.evictor.pods(), []string{"p"}) {
				t.Errorf("submitted %v", w.evictor.submitted)
			}
			w.Delete(pod)
			w.pass()
			if !w.gone() {
				t.Error("the Node waits for something else")
			}
			if calls := w.Provider.Calls(fake.Delete); len(calls) > 0 {
				t.Error("an instance was deleted")
			}
			for _, write := range w.Writes.Names() {
				if write == "patch NodeClaim status" || write == "delete NodeClaim" {
					t.Errorf("wrote %q", write)
				}
			}
			if w.Metric("karpenter_nodes_drained_total", nil) != 0 {
				t.Error("OPS-112: counted as drained")
			}
		})
	}
}

// LIF-132
func TestInstanceIsGone(t *testing.T) {
	unready := func(status corev1.ConditionStatus) func(*corev1.Node) {
		return func(n *corev1.Node) { fixture.SetReady(n, status) }
	}
	tests := []struct {
		name    string
		change  func(*corev1.Node)
		running bool
		asked   bool
		gone    bool
	}{
		{name: "not ready, instance gone", change: unready("False"), asked: true, gone: true},
		{name: "readiness unknown, instance gone", change: unready("Unknown"), asked: true, gone: true},
		{name: "readiness missing, instance gone", change: func(n *corev1.Node) { n.Status.Conditions = nil }, asked: true, gone: true},
		{name: "not ready, instance there", change: unready("False"), asked: true, running: true},
		{name: "ready is not asked about", change: unready("True")},
		{name: "no provider ID to ask about", change: func(n *corev1.Node) { n.Spec.ProviderID = ""; unready("False")(n) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim := leavingNodeClaim()
			w := setup(t, nodeClaim, leavingNode(tt.change), fixture.Pod("p", "a"))
			if tt.running {
				if _, err := w.Provider.Create(t.Context(), nodeClaim); err != nil {
					t.Fatal(err)
				}
			}
			w.pass()
			if asked := len(w.Provider.Calls(fake.Get)) > 0; asked != tt.asked {
				t.Errorf("asked: %v", asked)
			}
			if w.gone() != tt.gone || (len(w.evictor.submitted) > 0) == tt.gone {
				t.Errorf("gone %v, submitted %v", w.gone(), w.evictor.submitted)
			}
		})
	}
}

// LIF-132
func TestInstanceIsAskedForRarely(t *testing.T) {
	nodeClaim := leavingNodeClaim()
	w := setup(t, nodeClaim, leavingNode(func(n *corev1.Node) { fixture.SetReady(n, "False") }), fixture.Pod("p", "a"))
	if _, err := w.Provider.Create(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		w.pass()
		w.Clock.Step(time.Second)
	}
	if got := len(w.Provider.Calls(fake.Get)); got != 1 {
		t.Errorf("asked %d times within ten seconds", got)
	}
	w.pass()
	if got := len(w.Provider.Calls(fake.Get)); got != 2 {
		t.Errorf("asked %d times after ten seconds", got)
	}
}

// LIF-132
func TestProviderDoesNotAnswer(t *testing.T) {
	w := setup(t, leavingNodeClaim(), leavingNode(func(n *corev1.Node) { fixture.SetReady(n, "False") }))
	boom := errors.New("throttled")
	w.Provider.FailNext(fake.Get, boom)
	if _, err := w.try(); !errors.Is(err, boom) {
		t.Errorf("pass: %v", err)
	}
	if w.gone() {
		t.Error("the finalizer was removed on a failure")
	}
}

// LIF-133, LIF-008
func TestTaint(t *testing.T) {
	disrupted := v1.DisruptedTaint()
	tests := []struct {
		name   string
		before []corev1.Taint
		want   []corev1.Taint
	}{
		{"added", []corev1.Taint{{Key: "k", Effect: "NoSchedule"}}, []corev1.Taint{{Key: "k", Effect: "NoSchedule"}, disrupted}},
		{"there already", []corev1.Taint{disrupted}, []corev1.Taint{disrupted}},
		{
			"the value does not matter",
			[]corev1.Taint{{Key: disrupted.Key, Value: "v", Effect: disrupted.Effect}},
			[]corev1.Taint{{Key: disrupted.Key, Value: "v", Effect: disrupted.Effect}},
		},
		{"another effect gives way", []corev1.Taint{{Key: disrupted.Key, Effect: "NoExecute"}}, []corev1.Taint{disrupted}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, leavingNodeClaim(), leavingNode(func(n *corev1.Node) { n.Spec.Taints = tt.before }), fixture.Pod("p", "a"))
			w.pass()
			got := w.node()
			if !slices.Equal(got.Spec.Taints, tt.want) {
				t.Errorf("taints %v, want %v", got.Spec.Taints, tt.want)
			}
			if got.Labels["node.kubernetes.io/exclude-from-external-load-balancers"] != "karpenter" {
				t.Error("load balancers still send traffic")
			}
			if len(w.evictor.submitted) != 1 || !w.evictor.submitted[0].tainted {
				t.Errorf("submitted %v", w.evictor.submitted)
			}
		})
	}
}

// LIF-133
func TestTaintConflict(t *testing.T) {
	w := setup(t, leavingNodeClaim(), leavingNode(), fixture.Pod("p", "a"))
	w.Writes.FailAll("patch Node", conflict("nodes"))
	if got := w.pass(); got == 0 || got > time.Second {
		t.Errorf("tried again after %v", got)
	}
	if len(w.evictor.submitted) > 0 {
		t.Error("pods leave a node that is not tainted")
	}
}

// LIF-164, LIF-165, OPS-330
func TestDeadline(t *testing.T) {
	at := time.Now().Truncate(time.Second)
	invalid := func(n *v1.NodeClaim) {
		n.Annotations = map[string]string{v1.NodeClaimTerminationTimestampAnnotationKey: "soon"}
	}
	tests := []struct {
		name   string
		change func(*v1.NodeClaim)
		want   time.Time
		events []string
	}{
		{"none", func(*v1.NodeClaim) {}, time.Time{}, nil},
		{"announced", deadline(at.Add(time.Hour)), at.Add(time.Hour), []string{"TerminationGracePeriodExpiring"}},
		{
			"nobody understands it", func(n *v1.NodeClaim) { invalid(n); n.Spec.TerminationGracePeriod = "10m" },
			at.Add(10 * time.Minute), []string{"InvalidTerminationTimestamp", "TerminationGracePeriodExpiring"},
		},
		{"nobody understands it and there is no other", invalid, time.Time{}, []string{"InvalidTerminationTimestamp"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, leavingNodeClaim(fixture.Deleting(at), tt.change), leavingNode(), fixture.Pod("p", "a"))
			w.pass()
			if len(w.evictor.submitted) != 1 || !w.evictor.submitted[0].deadline.Equal(tt.want) {
				t.Errorf("submitted %v, want by %v", w.evictor.submitted, tt.want)
			}
			var told []string
			for _, e := range w.Recorder.Events() {
				if e.Reason != "FailedDraining" {
					told = append(told, e.Reason)
				}
				if e.Reason == "InvalidTerminationTimestamp" && (e.Type != events.Warning || !strings.Contains(e.Message, `"soon"`)) {
					t.Errorf("told %+v", e)
				}
			}
			if !slices.Equal(told, tt.events) {
				t.Errorf("events %v, want %v", told, tt.events)
			}
		})
	}
}

// LIF-175
func TestInstanceTermination(t *testing.T) {
	t.Run("is asked for every five seconds", func(t *testing.T) {
		w := leaving(t)
		w.passes()
		w.Provider.FailAlways(fake.Delete, nil)
		w.Clock.Step(2 * time.Second)
		if got := w.pass(); got != 3*time.Second || len(w.Provider.Calls(fake.Delete)) != 1 {
			t.Errorf("asked %d times, again after %v", len(w.Provider.Calls(fake.Delete)), got)
		}
	})
	t.Run("fails", func(t *testing.T) {
		w := leaving(t)
		boom := errors.New("boom")
		w.Provider.FailNext(fake.Delete, boom)
		w.pass()
		w.Clock.Step(5 * time.Second)
		if _, err := w.try(); !errors.Is(err, boom) {
			t.Errorf("pass: %v", err)
		}
		// LIF-176: what was reached before the failure is stored.
		w.expect(v1.ConditionTypeDrained, "True/Drained")
		w.expect(v1.ConditionTypeInstanceTerminating, "")
		if w.gone() {
			t.Error("the Node went before its instance")
		}
	})
	t.Run("waits for other Nodes of the instance", func(t *testing.T) { // LIF-178
		w := leaving(t, fixture.Node(fixture.NodeClaim("a"), func(n *corev1.Node) { n.Name, n.UID = "b", "b" }))
		w.passes()
		if !w.gone() || len(w.Provider.Calls(fake.Delete)) > 0 {
			t.Errorf("gone %v, calls %v", w.gone(), w.Provider.Calls(fake.Delete))
		}
	})
}

// LIF-176
func TestConditionsConflict(t *testing.T) {
	w := setup(t, leavingNodeClaim(), leavingNode())
	w.pass()
	w.Clock.Step(5 * time.Second)
	w.Writes.FailAll("patch NodeClaim status", conflict("nodeclaims"))
	if got := w.pass(); got == 0 || got > time.Second {
		t.Errorf("tried again after %v", got)
	}
	if w.gone() {
		t.Fatal("the finalizer was removed on a conflict")
	}
	if w.Metric("karpenter_nodes_drained_total", nil) != 0 {
		t.Error("LIF-145: counted before it was stored")
	}
	w.Writes.Reset()
	w.Writes.FailOnce("patch NodeClaim status", conflict("nodeclaims")) // which is tried again at once
	w.pass()
	if !w.gone() || w.Metric("karpenter_nodes_drained_total", nil) != 1 {
		t.Errorf("gone %v, counted %v", w.gone(), w.Metric("karpenter_nodes_drained_total", nil))
	}
}

// LIF-177
func TestForeignFinalizerStays(t *testing.T) {
	w := setup(t, leavingNode(func(n *corev1.Node) { n.Finalizers = append(n.Finalizers, "example.com/hold") }))
	w.pass()
	w.pass()
	if got := w.node().Finalizers; !slices.Equal(got, []string{"example.com/hold"}) {
		t.Errorf("finalizers %v", got)
	}
	if got := w.Metric("karpenter_nodes_terminated_total", nil); got != 1 {
		t.Errorf("counted %v times", got)
	}
}

// LIF-271: whichever write was the last before the process was killed, the Node
// goes, and its drain begins only once.
func TestTerminationConverges(t *testing.T) {
	for writes := range 6 {
		t.Run(fmt.Sprintf("killed after %d writes", writes), func(t *testing.T) {
			nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
			w := setup(t, nodeClaim, leavingNode())
			if _, err := w.Provider.Create(t.Context(), nodeClaim); err != nil {
				t.Fatal(err)
			}
			w.Writes.FailFrom(writes, errors.New("killed"))
			for range 3 {
				_, _ = w.try()
				w.Clock.Step(5 * time.Second)
			}
			w.Writes.Reset()
			w.restart()
			for range 4 {
				w.pass()
				w.Clock.Step(5 * time.Second)
			}
			if !w.gone() {
				t.Error("the Node is still there")
			}
			w.expect(v1.ConditionTypeInstanceTerminating, "True/InstanceTerminating")
			if list, _ := w.Provider.List(t.Context()); len(list) > 0 {
				t.Error("the instance is still there")
			}
		})
	}
}
