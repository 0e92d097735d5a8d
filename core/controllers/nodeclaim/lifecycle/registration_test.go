// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/internal/fixture"
)

// joined returns a launched NodeClaim and its Node that has just joined.
func joined(changes ...func(*v1.NodeClaim)) (*v1.NodeClaim, *corev1.Node) {
	nodeClaim := fixture.NodeClaim("a", append([]func(*v1.NodeClaim){fixture.Launched}, changes...)...)
	return nodeClaim, fixture.Node(nodeClaim, fixture.Unregistered)
}

func (w *world) node(name string) *corev1.Node {
	w.t.Helper()
	return fixture.Read(w.World, fixture.Node(fixture.NodeClaim(name)))
}

func taint(key, value string, effect corev1.TaintEffect) corev1.Taint {
	return corev1.Taint{Key: key, Value: value, Effect: effect}
}

// LIF-087, LIF-088, API-132
func TestRegistration(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Labels["example.com/team"], n.Annotations = "ours", map[string]string{"example.com/note": "n"}
		n.Spec.Taints = []corev1.Taint{taint("dedicated", "ours", "NoSchedule")}
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
	})
	node.Labels["example.com/team"] = "theirs"
	w := setup(t, nodeClaim, node)
	w.pass("a")

	got := w.node("a")
	if !slices.Contains(got.Finalizers, v1.TerminationFinalizer) {
		t.Error("the Node has no finalizer")
	}
	if len(got.OwnerReferences) != 1 {
		t.Fatalf("the Node has %d owners", len(got.OwnerReferences))
	}
	owner := got.OwnerReferences[0]
	if owner.APIVersion != "karpenter.sh/v1" || owner.Kind != "NodeClaim" || owner.Name != "a" ||
		owner.UID != nodeClaim.UID || owner.Controller != nil || !*owner.BlockOwnerDeletion {
		t.Errorf("owner is %+v", owner)
	}
	want := []corev1.Taint{taint("dedicated", "ours", "NoSchedule"), taint("agent", "", "NoExecute")}
	if !slices.Equal(got.Spec.Taints, want) {
		t.Errorf("taints are %v, want %v", got.Spec.Taints, want)
	}
	if got.Labels["example.com/team"] != "ours" || got.Annotations["example.com/note"] != "n" || got.Labels[corev1.LabelHostname] != "a" {
		t.Errorf("labels %v, annotations %v", got.Labels, got.Annotations)
	}
	if got.Labels[v1.NodeRegisteredLabelKey] != "true" {
		t.Error("the Node is not marked as registered")
	}
	w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
	stored := w.nodeClaim("a")
	if stored.Status.NodeName != "a" {
		t.Errorf("nodeName is %q", stored.Status.NodeName)
	}
	if _, ok := stored.Labels[v1.NodeRegisteredLabelKey]; ok {
		t.Error("API-135: the NodeClaim got the Node's label")
	}
	if got := w.Metric("karpenter_nodes_created_total", map[string]string{"nodepool": fixture.NodePool}); got != 1 || w.health.successes != 1 {
		t.Errorf("counted %v times, %d successes", got, w.health.successes)
	}
	if events := w.Recorder.Reasons(); len(events) > 0 {
		t.Errorf("events %v", events)
	}
}

// noter is a provider with an annotation that is not for Nodes.
type noter struct{ cloudprovider.CloudProvider }

func (noter) NodeClaimAnnotations() []string { return []string{"example.com/machine"} }

// LIF-087, LIF-091: what others write under the same key stays, also on a Node that is made
// anew.
func TestAnnotationsOfNodeClaims(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Annotations = map[string]string{"example.com/machine": "ns/m", "example.com/note": "n"}
	})
	node.Annotations = map[string]string{"example.com/machine": "m"}
	w := setup(t, nodeClaim, node)
	w.provider = noter{w.Provider}
	w.restart()
	check := func(when string) {
		t.Helper()
		if got := w.node("a").Annotations; got["example.com/machine"] != "m" || got["example.com/note"] != "n" {
			t.Errorf("%s: annotations of the Node %v", when, got)
		}
	}
	w.pass("a")
	check("registered")
	anew := w.node("a")
	delete(anew.Labels, v1.NodeRegisteredLabelKey)
	delete(anew.Annotations, "example.com/note")
	if err := w.Client.Update(t.Context(), anew); err != nil {
		t.Fatal(err)
	}
	w.pass("a")
	check("made anew")
	if got := w.nodeClaim("a").Annotations["example.com/machine"]; got != "ns/m" {
		t.Errorf("the NodeClaim says %q", got)
	}
}

// announcer notes who is announced, and whether pods can be bound there already.
type announcer struct {
	w     *world
	calls []string
}

func (a *announcer) Announce(_ context.Context, nodeClaim, node string) {
	open := "tainted"
	if !slices.Contains(a.w.node(nodeClaim).Spec.Taints, v1.UnregisteredTaint()) {
		open = "open"
	}
	a.calls = append(a.calls, nodeClaim+" is "+node+", "+open)
}

// SCH-311: the pods of a node are told of it before it opens, once, and not while
// something else holds the registration up.
func TestRegistrationIsAnnounced(t *testing.T) {
	w := setup(t, first(joined()), second(joined()))
	a := &announcer{w: w}
	w.announcer = a
	pending := true
	w.Provider.SetRegistrationHooks(hook{"h", func(*v1.NodeClaim) (cloudprovider.HookResult, error) {
		return cloudprovider.HookResult{Requeue: pending}, nil
	}})
	w.restart()
	w.pass("a")
	if len(a.calls) > 0 {
		t.Errorf("announced while a hook is pending: %q", a.calls)
	}
	pending = false
	w.pass("a")
	w.pass("a")
	if want := []string{"a is a, tainted"}; !slices.Equal(a.calls, want) {
		t.Errorf("announced %q, want %q", a.calls, want)
	}
}

// LIF-071: a registration is one write to the Node and one to the status, even
// when the node is usable at once.
func TestRegistrationWrites(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
	})
	w := setup(t, nodeClaim, node)
	w.pass("a")
	if got := w.Writes.Names(); !slices.Equal(got, []string{"patch Node", "patch NodeClaim status"}) {
		t.Errorf("registration wrote %q", got)
	}
	ready, readyNode := joined()
	w = setup(t, ready, readyNode)
	w.pass("a")
	if got := w.Writes.Names(); !slices.Equal(got, []string{"patch Node", "patch Node", "patch NodeClaim status"}) {
		t.Errorf("registration and initialization wrote %q", got)
	}
}

// LIF-085, LIF-003, API-120
func TestNoNode(t *testing.T) {
	nodeClaim, node := joined()
	node.Spec.ProviderID = "fake://another"
	node.Name = "a" // names never match
	unlaunched := fixture.NodeClaim("b")
	stray := fixture.Node(unlaunched, fixture.Unregistered)
	stray.Spec.ProviderID = ""
	w := setup(t, nodeClaim, node, unlaunched, stray)
	w.Provider.FailAlways("Create", errors.New("down"))
	for _, name := range []string{"a", "b"} {
		w.pass(name)
		w.expect(name, v1.ConditionTypeRegistered, "Unknown/NodeNotFound")
	}
	if got := w.condition("a", v1.ConditionTypeRegistered).Message; got != "Node not registered with cluster" {
		t.Errorf("message %q", got)
	}
}

// LIF-085, API-119
func TestSeveralNodes(t *testing.T) {
	nodeClaim, node := joined()
	second := fixture.Node(nodeClaim, fixture.Unregistered)
	second.Name = "b"
	w := setup(t, nodeClaim, node, second)
	w.pass("a")
	w.expect("a", v1.ConditionTypeRegistered, "False/MultipleNodesFound")
	w.expect("a", "Ready", "False/UnhealthyDependents")
	w.Delete(second)
	w.pass("a")
	w.expect("a", v1.ConditionTypeRegistered, "False/MultipleNodesFound")
}

// LIF-086, API-134, OPS-177
func TestMissingTaint(t *testing.T) {
	nodeClaim, node := joined()
	node.Spec.Taints = nil
	w := setup(t, nodeClaim, node)
	w.pass("a")
	if told := w.Recorder.Of("UnregisteredTaintMissing"); len(told) != 1 || told[0].Type != corev1.EventTypeWarning ||
		told[0].Object.GetName() != "a" || !slices.Equal(told[0].DedupeValues, []string{string(nodeClaim.UID)}) {
		t.Errorf("events %v", w.Recorder.Events())
	}
	w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
}

// LIF-008, LIF-087, API-133
func TestTaints(t *testing.T) {
	tests := []struct {
		name  string
		optIn string
		has   []corev1.Taint
		want  []corev1.Taint
	}{
		{"added", "", nil, []corev1.Taint{taint("k", "v", "NoSchedule")}},
		{"the Node's value is kept", "", []corev1.Taint{taint("k", "other", "NoSchedule")}, []corev1.Taint{taint("k", "other", "NoSchedule")}},
		{
			"another effect is another taint", "",
			[]corev1.Taint{taint("k", "v", "NoExecute")},
			[]corev1.Taint{taint("k", "v", "NoExecute"), taint("k", "v", "NoSchedule")},
		},
		{"the Node opts out", "true", nil, nil},
		{"only with exactly true", "yes", nil, []corev1.Taint{taint("k", "v", "NoSchedule")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim, node := joined(func(n *v1.NodeClaim) { n.Spec.Taints = []corev1.Taint{taint("k", "v", "NoSchedule")} })
			node.Spec.Taints = append(node.Spec.Taints, tt.has...)
			if tt.optIn != "" {
				node.Labels[v1.NodeDoNotSyncTaintsLabelKey] = tt.optIn
			}
			w := setup(t, nodeClaim, node)
			w.pass("a")
			if got := w.node("a").Spec.Taints; !slices.Equal(got, tt.want) {
				t.Errorf("taints are %v, want %v: the unregistered taint always goes", got, tt.want)
			}
		})
	}
}

// LIF-088, LIF-004: nothing is recorded before the Node is stored.
func TestNodeConflict(t *testing.T) {
	w := setup(t, first(joined()), second(joined()))
	w.Writes.FailAll("patch Node", conflict("nodes"))
	if result := w.pass("a"); result.RequeueAfter == 0 || result.RequeueAfter > time.Second {
		t.Errorf("a conflict is tried again after %v", result.RequeueAfter)
	}
	w.expect("a", v1.ConditionTypeRegistered, "Unknown/AwaitingReconciliation")
	if w.health.successes > 0 || w.Metric("karpenter_nodes_created_total", nil) > 0 {
		t.Error("a registration was recorded that did not happen")
	}
	w.Writes.Reset()
	w.Writes.FailOnce("patch Node", conflict("nodes")) // which is tried again at once
	w.pass("a")
	w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
}

// LIF-088: once, however often the status cannot be stored.
func TestRegistrationIsRecordedOnce(t *testing.T) {
	w := setup(t, first(joined()), second(joined()))
	w.Writes.FailOnce("patch NodeClaim status", conflict("nodeclaims"))
	for range 3 {
		w.pass("a")
	}
	if got := w.Metric("karpenter_nodes_created_total", nil); got != 1 || w.health.successes != 1 {
		t.Errorf("counted %v times, %d successes", got, w.health.successes)
	}
}

func first(n *v1.NodeClaim, _ *corev1.Node) *v1.NodeClaim { return n }
func second(_ *v1.NodeClaim, n *corev1.Node) *corev1.Node { return n }

// hook is a registration hook by function.
type hook struct {
	name string
	ask  func(*v1.NodeClaim) (cloudprovider.HookResult, error)
}

func (h hook) Name() string { return h.name }

func (h hook) Registered(_ context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.HookResult, error) {
	return h.ask(nodeClaim)
}

func answering(result cloudprovider.HookResult, err error) func(*v1.NodeClaim) (cloudprovider.HookResult, error) {
	return func(*v1.NodeClaim) (cloudprovider.HookResult, error) { return result, err }
}

// LIF-089, API-120, API-134, CP-039..041, CP-341
func TestHooks(t *testing.T) {
	passed, slow, quick := cloudprovider.HookResult{}, cloudprovider.HookResult{RequeueAfter: time.Minute}, cloudprovider.HookResult{RequeueAfter: 3 * time.Second}
	boom := errors.New("boom")
	tests := []struct {
		name    string
		hooks   []cloudprovider.RegistrationHook
		pending string
		after   time.Duration
		err     error
	}{
		{name: "all pass", hooks: []cloudprovider.RegistrationHook{hook{"one", answering(passed, nil)}}},
		{
			name:  "pending ones are named in their order",
			hooks: []cloudprovider.RegistrationHook{hook{"z", answering(slow, nil)}, hook{"p", answering(passed, nil)}, hook{"a", answering(quick, nil)}},
			// the shortest delay wins
			pending: "z, a", after: 3 * time.Second,
		},
		{
			name:    "one without a delay is asked again soon",
			hooks:   []cloudprovider.RegistrationHook{hook{"r", answering(cloudprovider.HookResult{Requeue: true}, nil)}},
			pending: "r", after: time.Second,
		},
		{
			name:    "a failed one counts as pending",
			hooks:   []cloudprovider.RegistrationHook{hook{"f", answering(passed, boom)}, hook{"s", answering(slow, nil)}},
			pending: "f, s", err: boom,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, first(joined()), second(joined()))
			w.Provider.SetRegistrationHooks(tt.hooks...)
			w.restart()
			result, err := w.try("a")
			if !errors.Is(err, tt.err) || (err == nil && tt.after != 0 && result.RequeueAfter != tt.after) {
				t.Errorf("pass: %v, %v", result, err)
			}
			if err != nil && !strings.Contains(err.Error(), `"f"`) {
				t.Errorf("the error does not name the hook: %v", err)
			}
			node := w.node("a")
			if node.Labels[v1.NodePoolLabelKey] != fixture.NodePool {
				t.Error("the Node is not synchronised")
			}
			tainted := slices.Contains(node.Spec.Taints, v1.UnregisteredTaint())
			_, labelled := node.Labels[v1.NodeRegisteredLabelKey]
			if pending := tt.pending != ""; tainted != pending || labelled == pending {
				t.Errorf("unregistered taint %v, registered label %v", tainted, labelled)
			}
			if tt.pending == "" {
				w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
				return
			}
			w.expect("a", v1.ConditionTypeRegistered, "Unknown/RegistrationHookPending")
			if got := w.condition("a", v1.ConditionTypeRegistered).Message; got != tt.pending {
				t.Errorf("pending %q, want %q", got, tt.pending)
			}
		})
	}
}

// LIF-089, CP-041
func TestHooksAddLabels(t *testing.T) {
	w := setup(t, first(joined()), second(joined()))
	pending := true
	label := func(key, value string) func(*v1.NodeClaim) (cloudprovider.HookResult, error) {
		return func(n *v1.NodeClaim) (cloudprovider.HookResult, error) {
			if _, seen := n.Labels["example.com/first"]; key == "example.com/second" && seen && pending {
				t.Error("hooks see each other's changes within one attempt")
			}
			n.Labels[key] = value
			n.Labels["example.com/both"] = value
			return cloudprovider.HookResult{Requeue: pending}, nil
		}
	}
	w.Provider.SetRegistrationHooks(hook{"1", label("example.com/first", "1")}, hook{"2", label("example.com/second", "2")})
	w.restart()
	w.pass("a")
	if got := w.nodeClaim("a").Labels["example.com/both"]; got != "2" {
		t.Errorf("of two hooks that disagree %q won, want the later", got)
	}
	pending = false
	w.pass("a")
	for name, labels := range map[string]map[string]string{"NodeClaim": w.nodeClaim("a").Labels, "Node": w.node("a").Labels} {
		for key, want := range map[string]string{"example.com/first": "1", "example.com/second": "2"} {
			if labels[key] != want {
				t.Errorf("%s has %s=%q, want %q", name, key, labels[key], want)
			}
		}
	}
}

// LIF-090
func TestSyncHappensOnce(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
	})
	w := setup(t, nodeClaim, node)
	w.pass("a")
	got := w.node("a")
	got.Spec.Taints, got.Labels["example.com/team"] = nil, "changed"
	w.Update(got)
	stored := w.nodeClaim("a")
	stored.Labels["example.com/team"] = "ours"
	w.Update(stored)
	w.pass("a")
	if got := w.node("a"); len(got.Spec.Taints) > 0 || got.Labels["example.com/team"] != "changed" {
		t.Errorf("synchronised again: taints %v, labels %v", got.Spec.Taints, got.Labels)
	}
}

// LIF-090, LIF-271: killed after the Node was patched as registered.
func TestRegistrationResumes(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
	})
	w := setup(t, nodeClaim, node)
	w.Writes.FailFrom(1, errors.New("killed"))
	if _, err := w.try("a"); err == nil {
		t.Fatal("the write did not fail")
	}
	got := w.node("a")
	got.Spec.Taints = nil // the agent has done its work meanwhile
	w.Writes.Reset()
	w.Update(got)
	w.restart()
	w.pass("a")
	w.expect("a", v1.ConditionTypeRegistered, "True/Registered")
	if got := w.node("a").Spec.Taints; len(got) > 0 {
		t.Errorf("taints are merged again: %v", got)
	}
	w.expect("a", v1.ConditionTypeInitialized, "True/Initialized")
}

// LIF-091
func TestNodeCreatedAnew(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) {
		n.Spec.Taints = []corev1.Taint{taint("dedicated", "", "NoSchedule")}
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
	})
	node := fixture.Node(nodeClaim, fixture.Unregistered)
	fixture.SetReady(node, corev1.ConditionFalse)
	w := setup(t, nodeClaim, node)
	w.pass("a")
	got := w.node("a")
	if !slices.Contains(got.Finalizers, v1.TerminationFinalizer) || len(got.OwnerReferences) != 1 ||
		got.Labels[v1.NodePoolLabelKey] != fixture.NodePool || got.Labels[v1.NodeRegisteredLabelKey] != "true" {
		t.Errorf("the new Node is not synchronised: %+v", got.ObjectMeta)
	}
	if want := []corev1.Taint{taint("dedicated", "", "NoSchedule")}; !slices.Equal(got.Spec.Taints, want) {
		t.Errorf("taints are %v, want %v", got.Spec.Taints, want)
	}
	if _, ok := got.Labels[v1.NodeInitializedLabelKey]; ok {
		t.Error("a Node that is not ready is marked as initialized")
	}
	fixture.SetReady(got, corev1.ConditionTrue)
	w.Update(got)
	w.pass("a")
	if w.node("a").Labels[v1.NodeInitializedLabelKey] != "true" {
		t.Error("the Node is not marked as initialized once it is ready")
	}
	if got := w.Metric("karpenter_nodes_created_total", nil); got != 0 {
		t.Error("a known node was counted as new")
	}
	if !maps.Equal(nodeClaim.Labels, w.nodeClaim("a").Labels) {
		t.Error("the NodeClaim changed")
	}
}

func TestDeletingNodeGetsNoFinalizer(t *testing.T) {
	nodeClaim, node := joined()
	node.Finalizers = []string{"example.com/hold"}
	fixture.DeletingNode(time.Now())(node)
	w := setup(t, nodeClaim, node)
	w.pass("a")
	if slices.Contains(w.node("a").Finalizers, v1.TerminationFinalizer) {
		t.Error("the API server would refuse a finalizer on a deleting Node")
	}
}
