// SPDX-License-Identifier: Apache-2.0

package upkeep_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/controllers/upkeep"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
)

var errDown = errors.New("the API server is not available")

// scaler notes what is asked of it.
type scaler struct {
	waiting  bool
	released []string
	settled  []string
	tidied   int
	failing  string
}

func (s *scaler) Waiting(types.NamespacedName) bool { return s.waiting }

func (s *scaler) Release(_ context.Context, _ types.NamespacedName, m *capi.Machine) error {
	if m.Name == s.failing {
		return errDown
	}
	s.released = append(s.released, m.Name)
	return nil
}

func (s *scaler) Settle(_ context.Context, deployment types.NamespacedName) error {
	s.settled = append(s.settled, deployment.Name)
	return nil
}

func (s *scaler) Tidy(context.Context) error {
	s.tidied++
	return nil
}

type world struct {
	*simcapi.Cluster
	*scaler
	*upkeep.Controller
	clock    *clocktesting.FakeClock
	workload client.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{clock: clock, Cluster: simcapi.New(t, clock, "v1beta2"), scaler: &scaler{}}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for _, f := range index.Fields() {
		if _, _, err := scheme.ObjectKinds(f.Object); err == nil {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.workload = builder.Build()
	w.Controller = upkeep.New(upkeep.Options{
		Inventory: &inventory.Reader{
			Management: inventory.Management{Cache: w.Cache(), Live: w.Cache()}, Workload: inventory.Workload{Cache: w.workload, Live: w.workload},
		},
		Scaler: w.scaler, Clock: clock,
	})
	return w
}

// node joins for a Machine, and is registered or not.
func (w *world) node(t *testing.T, m capi.Machine, taints ...corev1.Taint) {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: corev1.NodeSpec{ProviderID: m.Spec.ProviderID, Taints: taints}}
	if err := w.workload.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
}

// CAPI-056: what nobody has for 15 minutes is released, and no Machine with a Node that
// serves.
func TestSurplus(t *testing.T) {
	w := newWorld(t)
	machines := w.Machines(w.Deployment("md", 4))
	w.node(t, machines[0])
	w.node(t, machines[1], karpv1.UnregisteredTaint())
	w.ChangeMachine(client.ObjectKeyFromObject(&machines[2]), func(m *capi.Machine) {
		m.Annotations = map[string]string{v1alpha1.AnnotationNodeClaim: "nc/uid"}
	})
	if err := w.workload.Create(t.Context(), &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "nc", UID: "uid"}}); err != nil {
		t.Fatal(err)
	}
	w.Deployment("others", 1, func(d *capi.MachineDeployment) { delete(d.Labels, v1alpha1.LabelMember) })
	w.failing = machines[1].Name
	for _, step := range []time.Duration{0, upkeep.Patience - time.Second} {
		w.clock.Step(step)
		if _, err := w.Reconcile(t.Context()); err != nil || len(w.released) > 0 {
			t.Fatalf("after %v: released %v, %v", step, w.released, err)
		}
	}
	w.clock.Step(time.Second)
	w.waiting = true
	if _, err := w.Reconcile(t.Context()); err != nil || len(w.released) > 0 {
		t.Errorf("although somebody waits: %v, %v", w.released, err)
	}
	w.waiting = false // whoever waited may have looked at them: their time begins anew
	if _, err := w.Reconcile(t.Context()); err != nil || len(w.released) > 0 {
		t.Errorf("released %v, %v", w.released, err)
	}
	w.clock.Step(upkeep.Patience)
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) { // about one, which stops no other
		t.Errorf("got %v", err)
	}
	if !slices.Equal(w.released, []string{machines[3].Name}) {
		t.Errorf("released %v", w.released)
	}
}

// CAPI-059
func TestSettles(t *testing.T) {
	w := newWorld(t)
	md := w.Deployment("md", 2)
	w.Deployment("calm", 1)
	w.Change(md, func(d *capi.MachineDeployment) {
		d.Annotations[v1alpha1.AnnotationPendingDeletion] = w.Machines(md)[0].Name
	})
	if _, err := w.Reconcile(t.Context()); err != nil || !slices.Equal(w.settled, []string{"md"}) || w.tidied != 1 {
		t.Errorf("settled %v, tidied %d times, %v", w.settled, w.tidied, err)
	}
}
