// SPDX-License-Identifier: Apache-2.0

package overhead_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/overhead"
)

// world is a deployment with Machines, and Nodes for some of them.
type world struct {
	*simcapi.Cluster
	t       *testing.T
	clock   *clocktesting.FakeClock
	nodes   client.Client
	learner *overhead.Learner
	name    client.ObjectKey
}

func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{t: t, clock: clock, Cluster: simcapi.New(t, clock, "v1beta2"), nodes: fake.NewClientBuilder().WithScheme(scheme).Build()}
	w.name = w.Deployment("md", 3)
	w.learner = overhead.New(overhead.Options{Management: w.Cache(), Workload: w.nodes, Clock: clock})
	return w
}

// node lets a Machine join that keeps so much for itself.
func (w *world) node(machine int, ready corev1.ConditionStatus, cpu, memory string) *corev1.Node {
	w.t.Helper()
	m := w.Machines(w.name)[machine]
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: m.Name}}
	node.Spec.ProviderID = m.Spec.ProviderID
	left := func(of, kept string) resource.Quantity {
		q := resource.MustParse(of)
		q.Sub(resource.MustParse(kept))
		return q
	}
	node.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi"), "example.com/gpu": resource.MustParse("2"),
	}
	node.Status.Allocatable = corev1.ResourceList{
		corev1.ResourceCPU: left("4", cpu), corev1.ResourceMemory: left("16Gi", memory), "example.com/gpu": resource.MustParse("1"),
	}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
	if err := w.nodes.Create(w.t.Context(), node); err != nil {
		w.t.Fatal(err)
	}
	return node
}

// expect looks again, a minute later.
func (w *world) expect(reason, cpu, memory string) {
	w.t.Helper()
	w.clock.Step(time.Minute)
	got, err := w.learner.Of(w.t.Context(), w.Get(w.name))
	if err != nil {
		w.t.Fatal(err)
	}
	if c, m := got[corev1.ResourceCPU], got[corev1.ResourceMemory]; c.String() != cpu || m.String() != memory || len(got) > 2 {
		w.t.Errorf("%s: %v", reason, got)
	}
}

// CAPI-028
func TestOf(t *testing.T) {
	w := newWorld(t)
	w.expect("nothing is known", "0", "0")
	w.node(0, corev1.ConditionFalse, "2", "2Gi")
	w.expect("a Node that is not ready", "0", "0")
	one := w.node(1, corev1.ConditionTrue, "200m", "1Gi")
	two := w.node(2, corev1.ConditionTrue, "100m", "3Gi")
	w.expect("the most of each resource, and none of what kubelets reserve not", "200m", "3Gi")

	if err := w.nodes.Delete(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	w.expect("only those that there are", "200m", "1Gi")
	if err := w.nodes.Delete(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	w.expect("the last Node is remembered", "200m", "1Gi")

	w.Change(w.name, func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationRevision] = "2" })
	w.expect("another template tells nothing yet", "0", "0")
}

// Answers within a minute cost no look.
func TestPace(t *testing.T) {
	w := newWorld(t)
	w.expect("nothing is known", "0", "0")
	w.node(0, corev1.ConditionTrue, "1", "1Gi")
	w.clock.Step(59 * time.Second)
	if got, err := w.learner.Of(t.Context(), w.Get(w.name)); err != nil || len(got) > 0 {
		t.Errorf("looked again: %v, %v", got, err)
	}
}
