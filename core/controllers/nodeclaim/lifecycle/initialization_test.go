// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

// registeredNode returns a registered NodeClaim and its Node, not initialized.
func registeredNode(change func(*v1.NodeClaim, *corev1.Node)) (*v1.NodeClaim, *corev1.Node) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered)
	node := fixture.Node(nodeClaim)
	delete(node.Labels, v1.NodeInitializedLabelKey)
	if change != nil {
		change(nodeClaim, node)
	}
	return nodeClaim, node
}

// LIF-101, LIF-103, LIF-022, API-120
func TestInitialization(t *testing.T) {
	gpu := corev1.ResourceName("example.com/gpu")
	tests := []struct {
		name            string
		change          func(*v1.NodeClaim, *corev1.Node)
		reason, message string
	}{
		{name: "nothing in the way"},
		{"not ready", func(_ *v1.NodeClaim, n *corev1.Node) { fixture.SetReady(n, corev1.ConditionFalse) }, "NodeNotReady", "Node status is NotReady"},
		{"readiness unknown", func(_ *v1.NodeClaim, n *corev1.Node) { fixture.SetReady(n, corev1.ConditionUnknown) }, "NodeNotReady", ""},
		{"readiness missing", func(_ *v1.NodeClaim, n *corev1.Node) { n.Status.Conditions = nil }, "NodeNotReady", ""},
		{
			"startup taint, whatever its value", func(c *v1.NodeClaim, n *corev1.Node) {
				c.Spec.StartupTaints = []corev1.Taint{taint("agent", "v", "NoExecute")}
				n.Spec.Taints = []corev1.Taint{taint("agent", "w", "NoExecute")}
			}, "StartupTaintsExist", "agent=v:NoExecute",
		},
		{
			"startup taint's key with another effect", func(c *v1.NodeClaim, n *corev1.Node) {
				c.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
				n.Spec.Taints = []corev1.Taint{taint("agent", "", "NoSchedule")}
			}, "", "",
		},
		{"not-ready taint", withTaint(taint("node.kubernetes.io/not-ready", "", "NoExecute")), "KnownEphemeralTaintsExist", "node.kubernetes.io/not-ready:NoExecute"},
		{"unreachable", withTaint(taint("node.kubernetes.io/unreachable", "", "NoSchedule")), "KnownEphemeralTaintsExist", ""},
		{"unreachable with NoExecute is no sign of starting", withTaint(taint("node.kubernetes.io/unreachable", "", "NoExecute")), "", ""},
		{"cloud controller", withTaint(taint("node.cloudprovider.kubernetes.io/uninitialized", "true", "NoSchedule")), "KnownEphemeralTaintsExist", "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule"},
		{"readiness gate of any effect", withTaint(taint("readiness.k8s.io/net", "", "PreferNoSchedule")), "KnownEphemeralTaintsExist", ""},
		{"any other taint", withTaint(taint("example.com/other", "", "NoExecute")), "", ""},
		{
			"resource not there", func(c *v1.NodeClaim, _ *corev1.Node) { c.Spec.Resources.Requests[gpu] = resource.MustParse("1") },
			"ResourceNotRegistered", "example.com/gpu",
		},
		{
			"resource there with nothing", func(c *v1.NodeClaim, n *corev1.Node) {
				c.Spec.Resources.Requests[gpu], n.Status.Allocatable[gpu] = resource.MustParse("1"), resource.MustParse("0")
			}, "ResourceNotRegistered", "example.com/gpu",
		},
		{"nothing of a resource asked for", func(c *v1.NodeClaim, _ *corev1.Node) { c.Spec.Resources.Requests[gpu] = resource.MustParse("0") }, "", ""},
		{
			"less than asked for is enough", func(c *v1.NodeClaim, _ *corev1.Node) {
				c.Spec.Resources.Requests[corev1.ResourceCPU] = resource.MustParse("64")
			}, "", "",
		},
		{
			"the first in order is told", func(c *v1.NodeClaim, n *corev1.Node) {
				c.Spec.Resources.Requests[gpu] = resource.MustParse("1")
				c.Spec.StartupTaints = []corev1.Taint{taint("agent", "", "NoExecute")}
				n.Spec.Taints = []corev1.Taint{taint("node.kubernetes.io/not-ready", "", "NoExecute"), taint("agent", "", "NoExecute")}
			}, "StartupTaintsExist", "agent:NoExecute",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim, node := registeredNode(tt.change)
			w := setup(t, nodeClaim, node)
			w.pass("a")
			_, labelled := w.node("a").Labels[v1.NodeInitializedLabelKey]
			if labelled != (tt.reason == "") {
				t.Errorf("initialized label: %v", labelled)
			}
			if tt.reason == "" {
				w.expect("a", v1.ConditionTypeInitialized, "True/Initialized")
				w.expect("a", "Ready", "True/Ready")
				return
			}
			w.expect("a", v1.ConditionTypeInitialized, "Unknown/"+tt.reason)
			if got := w.condition("a", v1.ConditionTypeInitialized).Message; !strings.Contains(got, tt.message) {
				t.Errorf("message %q does not name %q", got, tt.message)
			}
		})
	}
}

func withTaint(taint corev1.Taint) func(*v1.NodeClaim, *corev1.Node) {
	return func(_ *v1.NodeClaim, n *corev1.Node) { n.Spec.Taints = []corev1.Taint{taint} }
}

// LIF-100
func TestInitializationNeedsOneNode(t *testing.T) {
	nodeClaim, node := registeredNode(nil)
	again := node.DeepCopy()
	again.Name = "b"
	w := setup(t, nodeClaim, node, again)
	w.pass("a")
	w.expect("a", v1.ConditionTypeInitialized, "Unknown/NodeNotFound")
}

// LIF-070, API-119: what is decided stays decided.
func TestInitializedStays(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	node := fixture.Node(nodeClaim, func(n *corev1.Node) { fixture.SetReady(n, corev1.ConditionFalse) })
	w := setup(t, nodeClaim, node)
	w.pass("a")
	w.expect("a", v1.ConditionTypeInitialized, "True/Initialized")
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("wrote %q", got)
	}
}

// LIF-071: a condition of an older generation is brought to the current one.
func TestConditionsAreRefreshed(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	nodeClaim.Generation = 2
	w := setup(t, nodeClaim, fixture.Node(nodeClaim))
	before := w.condition("a", v1.ConditionTypeLaunched).LastTransitionTime
	w.Clock.Step(time.Hour)
	w.pass("a")
	for _, conditionType := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized} {
		if got := w.condition("a", conditionType).ObservedGeneration; got != 2 {
			t.Errorf("%s observed generation %d", conditionType, got)
		}
	}
	if got := w.condition("a", v1.ConditionTypeLaunched).LastTransitionTime; !got.Equal(&before) {
		t.Error("a refresh counts as a transition")
	}
}

// LIF-271: killed after the Node was labelled.
func TestInitializationResumes(t *testing.T) {
	nodeClaim, node := registeredNode(func(_ *v1.NodeClaim, n *corev1.Node) { n.Labels[v1.NodeInitializedLabelKey] = "true" })
	w := setup(t, nodeClaim, node)
	w.pass("a")
	w.expect("a", v1.ConditionTypeInitialized, "True/Initialized")
}

// LIF-005: conditions of others survive a pass.
func TestForeignConditionsSurvive(t *testing.T) {
	nodeClaim, node := registeredNode(nil)
	fixture.SetTrue(nodeClaim, time.Now(), v1.ConditionTypeDrifted)
	w := setup(t, nodeClaim, node)
	stale := w.nodeClaim("a")
	fixture.SetTrue(stale, time.Now(), v1.ConditionTypeConsolidatable)
	w.Update(stale)
	w.pass("a")
	w.expect("a", v1.ConditionTypeDrifted, "True/Drifted")
	w.expect("a", v1.ConditionTypeConsolidatable, "True/Consolidatable")
}
