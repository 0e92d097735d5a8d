// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
)

func TestStageOf(t *testing.T) {
	claim := newClaim("claim", "id", condition(v1.ConditionTypeRegistered, "True"), condition(v1.ConditionTypeInitialized, "True"))
	for _, tc := range []struct {
		reason string
		node   *corev1.Node
		claim  *v1.NodeClaim
		want   cluster.Stage
	}{
		{"LIF-020: no Node is in-flight, whatever the NodeClaim says", nil, claim, cluster.InFlight},
		{"LIF-020: a Node without labels is unregistered", newNode("n", "id"), claim, cluster.Unregistered},
		{"LIF-020: only the value true registers", newNode("n", "id", labels(v1.NodeRegisteredLabelKey, "yes")), claim, cluster.Unregistered},
		{"LIF-020: registered label", newNode("n", "id", registered()), claim, cluster.Registered},
		{"LIF-020: initialized label", newNode("n", "id", initialized("pool")), claim, cluster.Initialized},
		{"LIF-020: without NodeClaim a Node counts as initialized", newNode("n", "id"), nil, cluster.Initialized},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := cluster.StageOf(tc.node, tc.claim); got != tc.want {
				t.Errorf("got stage %d, want %d", got, tc.want)
			}
		})
	}
}

// LIF-020: who is believed about what.
func TestViewSources(t *testing.T) {
	claim := newClaim("claim", "id", func(nc *v1.NodeClaim) {
		nc.Labels["from"], nc.Annotations = "claim", map[string]string{"from": "claim"}
	})
	node := func(change ...func(*corev1.Node)) *corev1.Node {
		n := newNode("node", "id", change...)
		n.Labels["from"], n.Annotations = "node", map[string]string{"from": "node"}
		n.Status.Capacity = resources("cpu", "8", "example.com/gpu", "0")
		n.Status.Allocatable = resources("cpu", "7", "example.com/gpu", "0")
		return n
	}
	merged := resources("cpu", "8", "memory", "8Gi", "pods", "110", "example.com/gpu", "2", "nodes", "1")
	mergedAllocatable := resources("cpu", "7", "memory", "6Gi", "pods", "110", "example.com/gpu", "2")
	for _, tc := range []struct {
		reason                string
		node                  *corev1.Node
		claim                 *v1.NodeClaim
		name, from            string
		capacity, allocatable corev1.ResourceList
	}{
		{"in-flight: all from the NodeClaim", nil, claim, "claim", "claim",
			resources("cpu", "4", "memory", "8Gi", "pods", "110", "example.com/gpu", "2", "nodes", "1"), claim.Status.Allocatable},
		{"unregistered: the NodeClaim's identity, resources merged", node(), claim, "claim", "claim", merged, mergedAllocatable},
		{"registered: the Node's identity, resources merged", node(registered()), claim, "node", "node", merged, mergedAllocatable},
		{"initialized: all from the Node", node(initialized("pool")), claim, "node", "node",
			resources("cpu", "8", "example.com/gpu", "0", "nodes", "1"), resources("cpu", "7", "example.com/gpu", "0")},
		{"no NodeClaim: all from the Node", node(), nil, "node", "node",
			resources("cpu", "8", "example.com/gpu", "0", "nodes", "1"), resources("cpu", "7", "example.com/gpu", "0")},
	} {
		t.Run("LIF-020, LIF-023, SCH-130: "+tc.reason, func(t *testing.T) {
			v := cluster.ViewOf(tc.node, tc.claim)
			if v.Name != tc.name || v.Hostname != tc.name || v.Labels["from"] != tc.from || v.Annotations["from"] != tc.from || v.ProviderID != "id" {
				t.Errorf("name %q, hostname %q, labels %v, annotations %v, provider ID %q", v.Name, v.Hostname, v.Labels, v.Annotations, v.ProviderID)
			}
			if !equality.Semantic.DeepEqual(v.Capacity, tc.capacity) {
				t.Errorf("capacity: %s", cmp.Diff(tc.capacity, v.Capacity))
			}
			if !equality.Semantic.DeepEqual(v.Allocatable, tc.allocatable) {
				t.Errorf("allocatable: %s", cmp.Diff(tc.allocatable, v.Allocatable))
			}
		})
	}
	if _, changed := node(initialized("pool")).Status.Capacity[v1.ResourceNodes]; changed {
		t.Error("the view changed the object it was made of")
	}
}

// LIF-020, SCH-131: the hostname label wins over the name.
func TestViewHostname(t *testing.T) {
	v := cluster.ViewOf(newNode("node", "id", labels(corev1.LabelHostname, "host")), nil)
	if v.Hostname != "host" {
		t.Errorf("got %q", v.Hostname)
	}
}

func TestViewTaints(t *testing.T) {
	taint := func(key string, effect corev1.TaintEffect) corev1.Taint {
		return corev1.Taint{Key: key, Effect: effect, Value: "any"}
	}
	own := taint("own", corev1.TaintEffectNoSchedule)
	startup := taint("startup", corev1.TaintEffectNoExecute)
	ephemeral := []corev1.Taint{
		taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule),
		taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute),
		taint(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule),
		taint("node.cloudprovider.kubernetes.io/uninitialized", corev1.TaintEffectNoSchedule),
		taint("karpenter.sh/unregistered", corev1.TaintEffectNoExecute),
		taint("readiness.k8s.io/agent", corev1.TaintEffectPreferNoSchedule),
	}
	lasting := taint(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)
	otherEffect := taint("startup", corev1.TaintEffectNoSchedule)
	all := append([]corev1.Taint{own, startup, lasting, otherEffect}, ephemeral...)
	claim := newClaim("claim", "id", func(nc *v1.NodeClaim) {
		nc.Spec.Taints = append([]corev1.Taint{own, lasting}, ephemeral...)
		nc.Spec.StartupTaints = []corev1.Taint{{Key: "startup", Value: "another", Effect: corev1.TaintEffectNoExecute}}
	})
	tainted := func(change ...func(*corev1.Node)) *corev1.Node {
		n := newNode("node", "id", change...)
		n.Spec.Taints = all
		return n
	}
	for _, tc := range []struct {
		reason string
		node   *corev1.Node
		claim  *v1.NodeClaim
		want   []corev1.Taint
	}{
		{"LIF-021, LIF-022: in-flight has the spec's taints, without ephemeral and startup ones", nil, claim, []corev1.Taint{own, lasting}},
		{"LIF-021: so has unregistered", tainted(), claim, []corev1.Taint{own, lasting}},
		{"LIF-008, LIF-021, SCH-092: registered has the Node's, filtered by key and effect", tainted(registered()), claim, []corev1.Taint{own, lasting, otherEffect}},
		{"LIF-021: initialized has all", tainted(initialized("pool")), claim, all},
		{"LIF-021, SCH-093: without NodeClaim all count", tainted(), nil, all},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, cluster.ViewOf(tc.node, tc.claim).Taints); diff != "" {
				t.Error(diff)
			}
		})
	}
}
