// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
)

// CAPI-041, CAPI-057: a claim that cannot be checked is held, and holds up no other Machine;
// one that was found void is not asked for again.
func TestClaimsOfNobody(t *testing.T) {
	management := simcapi.New(t, clock.RealClock{}, "v1beta2")
	md := management.Deployment("md", 2)
	claimed := management.Machines(md)[0]
	management.ChangeMachine(client.ObjectKeyFromObject(&claimed), func(m *capi.Machine) {
		m.Annotations = map[string]string{v1alpha1.AnnotationNodeClaim: "gone/uid-of-gone"}
	})
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
	workload := builder.Build()
	down, asked := errors.New("no answer"), 0
	ask := interceptor.NewClient(workload, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*karpv1.NodeClaim); ok {
				if asked++; down != nil {
					return down
				}
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	r := &inventory.Reader{
		Management: inventory.Management{Cache: management.Cache()}, Workload: inventory.Workload{Cache: workload, Live: ask},
	}
	void := func(want bool) {
		t.Helper()
		inv, err := r.Cached(t.Context(), md)
		if err != nil || len(inv.Machines) != 2 {
			t.Fatalf("got %+v, %v", inv, err)
		}
		for _, c := range inv.Machines {
			if c.Void != (want && c.Machine.Name == claimed.Name) {
				t.Errorf("the claim of %s is void: %t", c.Machine.Name, c.Void)
			}
		}
	}
	void(false)
	down = nil
	void(true)
	asked = 0
	void(true)
	if asked != 0 {
		t.Errorf("asked %d times again", asked)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	management.ChangeMachine(client.ObjectKeyFromObject(&claimed), func(m *capi.Machine) {
		m.Annotations = map[string]string{v1alpha1.AnnotationNodeClaim: "other/uid-of-other"}
	})
	down = context.Canceled
	if _, err := r.Cached(ended, md); !errors.Is(err, down) {
		t.Errorf("asked in vain: %v", err)
	}
}
