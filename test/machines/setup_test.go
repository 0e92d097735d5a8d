// SPDX-License-Identifier: Apache-2.0

package machines_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

// world is a manager that keeps all controllers, and counts what they write.
type world struct {
	*stubmanager.Manager
	api         client.Client
	controllers []reconcile.Reconciler
	writes      int
}

func (w *world) GetClient() client.Client    { return w.api }
func (w *world) GetAPIReader() client.Reader { return w.api }

func (w *world) Add(added manager.Runnable) error {
	w.controllers = append(w.controllers, added.(reconcile.Reconciler))
	return nil
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme, err := machines.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Manager: &stubmanager.Manager{Informers: &informertest.FakeInformers{Scheme: scheme}}}
	w.api = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(objects...).
		WithInterceptorFuncs(interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				w.writes++
				return c.Patch(ctx, o, p, opts...)
			},
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
				w.writes++
				return c.SubResource(sub).Patch(ctx, o, p, opts...)
			},
		}).Build()
	if err := machines.Setup(w); err != nil {
		t.Fatal(err)
	}
	return w
}

// round lets each controller look at the object of a name, and returns how often they write.
func (w *world) round(t *testing.T, name string) int {
	t.Helper()
	w.writes = 0
	for _, c := range w.controllers {
		if _, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "n", Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return w.writes
}

// A round that changes nothing writes nothing, for an answer of the API server is an event
// of others.
func TestWrites(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "m", Namespace: "n"}
	machine := &clusterv1.Machine{ObjectMeta: meta}
	machine.UID, machine.Spec.Bootstrap.DataSecretName = "uid", new("bootstrap")
	boots := host(func(m *v1alpha1.FakeMachine) {
		m.CreationTimestamp = metav1.Now()
		m.Spec.Provisioning, m.Spec.Boot = metav1.Duration{}, metav1.Duration{Duration: time.Hour}
	})
	boots.OwnerReferences = []metav1.OwnerReference{{APIVersion: clusterv1.GroupVersion.String(), Kind: "Machine", Name: "m", UID: "uid", Controller: new(true)}}
	hangs := boots.DeepCopy()
	hangs.Spec.Fault = v1alpha1.Hangs
	fails := boots.DeepCopy()
	fails.Spec.Fault = v1alpha1.Fails
	template := &v1alpha1.FakeMachineTemplate{ObjectMeta: meta}
	template.Spec.Template.Spec.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1000m")}

	for reason, tc := range map[string]struct {
		object client.Object
		writes int
	}{
		"a host that boots":      {boots, 2}, // its spec and its status
		"a host that hangs":      {hangs, 1}, // its finalizer
		"a host that has failed": {fails, 2},
		"a template":             {template, 1},
		"a control plane":        {&v1alpha1.FakeControlPlane{ObjectMeta: meta}, 1},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, machine.DeepCopy(), tc.object)
			for i, want := range []int{tc.writes, 0} {
				if got := w.round(t, "m"); got != want {
					t.Errorf("%d writes in round %d, want %d", got, i+1, want)
				}
			}
		})
	}
}
