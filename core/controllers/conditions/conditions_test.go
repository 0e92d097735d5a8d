// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	clientfake "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/conditions"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is the controllers of NodeClaims and Nodes with an API server in memory.
type world struct {
	t        testing.TB
	api      client.Client
	clock    *clocktesting.FakeClock
	registry *prometheus.Registry
	recorder *record.FakeRecorder
	claims   *conditions.Controller[*v1.NodeClaim]
	nodes    *conditions.Controller[*corev1.Node]
}

func newWorld(t testing.TB) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{
		t: t, clock: clocktesting.NewFakeClock(start), registry: prometheus.NewRegistry(), recorder: record.NewFakeRecorder(100),
		api: clientfake.NewClientBuilder().WithScheme(scheme).Build(),
	}
	var err error
	w.claims, err = conditions.New(conditions.Options[*v1.NodeClaim]{
		Scheme: scheme, Client: w.api, Recorder: w.recorder, Registerer: w.registry, Clock: w.clock,
		Reader: conditions.Known[*v1.NodeClaim](), Labels: []string{v1.NodePoolLabelKey}, Twins: true,
	})
	w.must(err)
	w.nodes, err = conditions.New(conditions.Options[*corev1.Node]{
		Scheme: scheme, Client: w.api, Recorder: w.recorder, Registerer: w.registry, Clock: w.clock,
		Reader: conditions.OfNode(), Labels: []string{v1.NodeInitializedLabelKey},
	})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// see lets a controller see the object of a name.
func (w *world) see(by reconcile.Reconciler, name string) {
	w.t.Helper()
	result, err := by.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: name}})
	w.must(err)
	if result.RequeueAfter != 0 {
		w.t.Errorf("OPS-150: it comes again after %s", result.RequeueAfter)
	}
}

func (w *world) scrape() string {
	w.t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		w.t.Fatalf("scrape: %d %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// shows expects series with their values, and none of others.
func (w *world) shows(why string, series []string, none ...string) {
	w.t.Helper()
	body := w.scrape()
	for _, s := range series {
		if !strings.Contains(body, s+"\n") {
			w.t.Errorf("%s: missing %s in\n%s", why, s, body)
		}
	}
	for _, s := range none {
		if strings.Contains(body, s) {
			w.t.Errorf("%s: there is %s", why, s)
		}
	}
}

// told returns what was told since the last call.
func (w *world) told() (out []string) {
	for {
		select {
		case e := <-w.recorder.Events:
			out = append(out, e)
		default:
			return out
		}
	}
}

func newClaim(change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	nc := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: "c", UID: "1", CreationTimestamp: metav1.NewTime(start), Finalizers: []string{"example.com/a", "example.com/b"},
		Labels: map[string]string{v1.NodePoolLabelKey: "pool"},
	}}
	for _, f := range change {
		f(nc)
	}
	return nc
}

func launched(at metav1.ConditionStatus, reason string, since time.Time) func(*v1.NodeClaim) {
	return func(nc *v1.NodeClaim) {
		nc.Status.Conditions = []status.Condition{{
			Type: v1.ConditionTypeLaunched, Status: at, Reason: reason, Message: "why", LastTransitionTime: metav1.NewTime(since),
		}}
	}
}

const (
	current    = `{karpenter_sh_nodepool="pool",name="c",namespace="",reason="%s",status="%s",type="Launched"} %d`
	deprecated = `{group="karpenter.sh",kind="NodeClaim",name="c",namespace="",reason="%s",status="%s",type="Launched"} %d`
)

// OPS-150 to OPS-154, OPS-197, OPS-198: one object from its first sighting to
// its end.
func TestLife(t *testing.T) {
	w := newWorld(t)
	nc := newClaim(launched("False", "LaunchFailed", start))
	w.must(w.api.Create(t.Context(), nc))
	w.see(w.claims, "c")
	w.shows("a first sighting", []string{
		`operator_nodeclaim_status_condition_transitions_total{karpenter_sh_nodepool="pool",reason="LaunchFailed",status="False",type="Launched"} 1`,
		`operator_status_condition_transitions_total{group="karpenter.sh",kind="NodeClaim",reason="LaunchFailed",status="False",type="Launched"} 1`,
		`operator_nodeclaim_status_condition_count` + fmt.Sprintf(current, "LaunchFailed", "False", 1),
		`operator_status_condition_count` + fmt.Sprintf(deprecated, "LaunchFailed", "False", 1),
		`operator_nodeclaim_status_condition_count{karpenter_sh_nodepool="pool",name="c",namespace="",reason="AwaitingReconciliation",status="Unknown",type="Registered"} 1`,
	}, "transition_seconds_count", `transitions_total{karpenter_sh_nodepool="pool",reason="AwaitingReconciliation"`, "operator_nodeclaim_termination")
	if told := w.told(); len(told) > 0 {
		t.Errorf("a first sighting is told: %q", told)
	}

	w.clock.Step(42 * time.Second)
	w.shows("OPS-150: ages are those of the moment, though nothing has happened", []string{
		`operator_nodeclaim_status_condition_current_status_seconds` + fmt.Sprintf(current, "LaunchFailed", "False", 42),
		`operator_status_condition_current_status_seconds` + fmt.Sprintf(deprecated, "LaunchFailed", "False", 42),
	})

	launched("True", "Launched", start.Add(30*time.Second))(nc)
	nc.Finalizers = nc.Finalizers[1:]
	w.must(w.api.Update(t.Context(), nc))
	w.see(w.claims, "c")
	w.shows("a transition", []string{
		`operator_nodeclaim_status_condition_transitions_total{karpenter_sh_nodepool="pool",reason="Launched",status="True",type="Launched"} 1`,
		`operator_nodeclaim_status_condition_transition_seconds_sum{karpenter_sh_nodepool="pool",status="False",to_status="True",type="Launched"} 30`,
		`operator_status_condition_transition_seconds_count{group="karpenter.sh",kind="NodeClaim",status="False",to_status="True",type="Launched"} 1`,
		`operator_nodeclaim_status_condition_current_status_seconds` + fmt.Sprintf(current, "Launched", "True", 12),
	}, `count{karpenter_sh_nodepool="pool",name="c",namespace="",reason="LaunchFailed"`)
	if told := w.told(); !slices.Equal(told[:min(len(told), 2)], []string{"Normal Finalized Finalized example.com/a", "Normal Launched Launched: False -> True, Launched: why"}) {
		t.Errorf("told %q", told)
	}

	w.must(w.api.Delete(t.Context(), nc))
	w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(nc), nc))
	w.clock.SetTime(nc.DeletionTimestamp.Add(7 * time.Second))
	w.see(w.claims, "c")
	w.shows("terminating", []string{
		`operator_nodeclaim_termination_current_time_seconds{karpenter_sh_nodepool="pool",name="c",namespace=""} 7`,
		`operator_termination_current_time_seconds{group="karpenter.sh",kind="NodeClaim",name="c",namespace=""} 7`,
	}, "termination_duration_seconds")
	nc.Finalizers = nil
	w.must(w.api.Update(t.Context(), nc))
	w.see(w.claims, "c")
	w.shows("gone", []string{
		`operator_nodeclaim_termination_duration_seconds_sum{karpenter_sh_nodepool="pool"} 7`,
		`operator_termination_duration_seconds_count{group="karpenter.sh",kind="NodeClaim"} 1`,
	}, `name="c"`)
	if told := w.told(); !slices.Equal(told, []string{"Normal Finalized Finalized example.com/b"}) {
		t.Errorf("told %q", told)
	}
}

// A successor of the same name is another object: the one before has ended.
func TestSuccessor(t *testing.T) {
	w := newWorld(t)
	first := newClaim(launched("True", "Launched", start))
	w.must(w.api.Create(t.Context(), first))
	w.must(w.api.Delete(t.Context(), first))
	w.see(w.claims, "c")
	w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(first), first))
	first.Finalizers = nil
	w.must(w.api.Update(t.Context(), first))
	w.told()
	second := newClaim(launched("False", "LaunchFailed", start), func(nc *v1.NodeClaim) { nc.UID, nc.ResourceVersion = "2", "" })
	w.must(w.api.Create(t.Context(), second))
	w.see(w.claims, "c")
	w.shows("OPS-152, OPS-153", []string{
		`operator_nodeclaim_termination_duration_seconds_count{karpenter_sh_nodepool="pool"} 1`,
		`operator_nodeclaim_status_condition_transitions_total{karpenter_sh_nodepool="pool",reason="LaunchFailed",status="False",type="Launched"} 1`,
	}, "transition_seconds_count", "termination_current_time_seconds{")
	if told := w.told(); len(told) != 2 || !strings.Contains(told[0], "Finalized") {
		t.Errorf("told %q", told)
	}
}

// OPS-084, OPS-151: labels follow their object; OPS-152: conditions are not
// invented, and one that was written twice spoils no scrape.
func TestNode(t *testing.T) {
	w := newWorld(t)
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastTransitionTime: metav1.NewTime(start)}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "1"}, Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{ready, ready}}}
	w.must(w.api.Create(t.Context(), node))
	w.see(w.nodes, "n")
	const series = `operator_node_status_condition_count{karpenter_sh_initialized="%s",name="n",namespace="",reason="KubeletReady",status="True",type="Ready"} 1`
	w.shows("before", []string{fmt.Sprintf(series, "")}, `type="MemoryPressure"`, "operator_status_condition")
	node.Labels = map[string]string{v1.NodeInitializedLabelKey: "true"}
	w.must(w.api.Update(t.Context(), node))
	w.see(w.nodes, "n")
	w.shows("after", []string{fmt.Sprintf(series, "true")}, fmt.Sprintf(series, ""))
}

// OPS-150: a heartbeat is no change, whoever sends it.
func TestHeartbeats(t *testing.T) {
	w := newWorld(t)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "1", ResourceVersion: "1"},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastTransitionTime: metav1.NewTime(start),
		}}},
	}
	for why, tt := range map[string]struct {
		change func(*corev1.Node)
		passes bool
	}{
		"a heartbeat": {func(n *corev1.Node) {
			n.ResourceVersion, n.Status.Conditions[0].LastHeartbeatTime = "2", metav1.NewTime(start.Add(time.Minute))
		}, false},
		"a label that no series has":  {func(n *corev1.Node) { n.Labels = map[string]string{"example.com/x": "y"} }, false},
		"OPS-151: one that series do": {func(n *corev1.Node) { n.Labels = map[string]string{v1.NodeInitializedLabelKey: "true"} }, true},
		"OPS-152: a reason":           {func(n *corev1.Node) { n.Status.Conditions[0].Reason = "Other" }, true},
		"OPS-152: a status":           {func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionFalse }, true},
		"there and back again": {func(n *corev1.Node) {
			n.Status.Conditions[0].LastTransitionTime = metav1.NewTime(start.Add(time.Second))
		}, true},
		"OPS-198: a finalizer": {func(n *corev1.Node) { n.Finalizers = []string{"example.com/a"} }, true},
		"OPS-153: a deletion":  {func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: start} }, true},
		"a successor":          {func(n *corev1.Node) { n.UID = "2" }, true},
	} {
		now := node.DeepCopy()
		tt.change(now)
		if got := w.nodes.Passes(node, now); got != tt.passes {
			t.Errorf("%s passes: %t", why, got)
		}
	}
}

// A scrape of a thousand nodes takes a fraction of a second.
func BenchmarkScrape(b *testing.B) {
	w := newWorld(b)

	for i := range 1000 {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("n%d", i)}}
		nc := newClaim(launched("True", "Launched", start), func(nc *v1.NodeClaim) { nc.Name = node.Name })
		for _, c := range []string{"Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"} {
			node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeConditionType(c), Status: "True", LastTransitionTime: metav1.NewTime(start)})
		}
		for _, o := range []client.Object{node, nc} {
			if err := w.api.Create(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
		request := reconcile.Request{NamespacedName: client.ObjectKey{Name: node.Name}}
		_, _ = w.nodes.Reconcile(b.Context(), request)
		_, _ = w.claims.Reconcile(b.Context(), request)
	}
	for b.Loop() {
		w.scrape()
	}
}
