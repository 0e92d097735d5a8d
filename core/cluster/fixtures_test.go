// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/intake"
)

// settled is the resolution of a pod without volumes.
var settled = volume.Resolution{Settled: true}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is a model under test with what it was made of.
type world struct {
	*cluster.Cluster
	t         testing.TB
	clock     *clocktesting.FakeClock
	registry  *prometheus.Registry
	inventory *inventory
	version   int
}

type inventory struct {
	nodes, claims []string
	err           error
}

func (i *inventory) NodeNames(context.Context) ([]string, error)      { return i.nodes, i.err }
func (i *inventory) NodeClaimNames(context.Context) ([]string, error) { return i.claims, i.err }

func newWorld(t testing.TB, change ...func(*cluster.Options)) *world {
	t.Helper()
	w := &world{
		t: t, clock: clocktesting.NewFakeClock(start),
		registry: prometheus.NewRegistry(), inventory: &inventory{},
	}
	o := cluster.Options{
		Clock: w.clock, Compiler: newCompiler(), Inventory: w.inventory,
		Registerer: w.registry, Log: logr.Discard(),
	}
	for _, f := range change {
		f(&o)
	}
	c, err := cluster.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.Cluster = c
	return w
}

func newCompiler() *intake.Compiler {
	return intake.New(intake.Options{Vocabulary: vocabulary.Core()})
}

// next is a resource version above all earlier ones.
func (w *world) next() string {
	w.version++
	return strconv.Itoa(w.version)
}

func (w *world) node(n *corev1.Node) *corev1.Node {
	n = n.DeepCopy()
	n.ResourceVersion = w.next()
	w.UpdateNode(n)
	return n
}

func (w *world) claim(nc *v1.NodeClaim) *v1.NodeClaim {
	nc = nc.DeepCopy()
	nc.ResourceVersion = w.next()
	w.UpdateNodeClaim(nc)
	return nc
}

func (w *world) pod(p *corev1.Pod, attached ...attach.Attachment) *corev1.Pod {
	p = p.DeepCopy()
	p.ResourceVersion = w.next()
	w.UpdatePod(p, volume.Resolution{Attachments: attached, Settled: true})
	return p
}

// only returns the one state node there is.
func (w *world) only() *cluster.StateNode {
	w.t.Helper()
	nodes := w.Snapshot().Nodes()
	if len(nodes) != 1 {
		w.t.Fatalf("%d state nodes, want 1", len(nodes))
	}
	return nodes[0]
}

func resources(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

func newNode(name, providerID string, change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("node-" + name), Labels: map[string]string{}, CreationTimestamp: metav1.NewTime(start)},
		Spec:       corev1.NodeSpec{ProviderID: providerID},
		Status: corev1.NodeStatus{
			Capacity:    resources("cpu", "4", "memory", "8Gi", "pods", "110"),
			Allocatable: resources("cpu", "3900m", "memory", "7Gi", "pods", "110"),
		},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func labels(pairs ...string) func(*corev1.Node) {
	return func(n *corev1.Node) {
		for i := 0; i < len(pairs); i += 2 {
			n.Labels[pairs[i]] = pairs[i+1]
		}
	}
}

func registered() func(*corev1.Node) { return labels(v1.NodeRegisteredLabelKey, "true") }

func initialized(pool string) func(*corev1.Node) {
	return labels(v1.NodeRegisteredLabelKey, "true", v1.NodeInitializedLabelKey, "true",
		v1.NodePoolLabelKey, pool, corev1.LabelInstanceTypeStable, "m")
}

func newClaim(name, providerID string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	nc := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("claim-" + name), CreationTimestamp: metav1.NewTime(start),
			Labels: map[string]string{v1.NodePoolLabelKey: "pool"},
		},
		Spec: v1.NodeClaimSpec{Resources: v1.ResourceRequirements{Requests: resources("cpu", "1", "pods", "2")}},
	}
	if providerID != "" {
		nc.Status = v1.NodeClaimStatus{
			ProviderID:  providerID,
			Capacity:    resources("cpu", "4", "memory", "8Gi", "pods", "110", "example.com/gpu", "2"),
			Allocatable: resources("cpu", "3500m", "memory", "6Gi", "pods", "110", "example.com/gpu", "2"),
		}
	}
	for _, f := range change {
		f(nc)
	}
	return nc
}

func condition(kind string, value metav1.ConditionStatus) func(*v1.NodeClaim) {
	return func(nc *v1.NodeClaim) {
		nc.Status.Conditions = append(nc.Status.Conditions, status.Condition{Type: kind, Status: value})
	}
}

func deletedClaim(nc *v1.NodeClaim) { nc.DeletionTimestamp = &metav1.Time{Time: start} }

func newPod(name, nodeName string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("pod-" + name), CreationTimestamp: metav1.NewTime(start)},
		Spec: corev1.PodSpec{NodeName: nodeName, Containers: []corev1.Container{{
			Name: "main", Resources: corev1.ResourceRequirements{Requests: resources("cpu", "1"), Limits: resources("cpu", "2")},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func phase(p corev1.PodPhase) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.Phase = p }
}

func owner(apiVersion, kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		controller := true
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{
			APIVersion: apiVersion, Kind: kind, Name: "owner", UID: types.UID(kind), Controller: &controller,
		})
	}
}

func key(p *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
}
