// SPDX-License-Identifier: Apache-2.0

package takeover_test

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/controllers/takeover"
)

var errDown = errors.New("the API server is not available")

// catalogue tells types by provider ID.
type catalogue map[string]string

func (c catalogue) TypeOf(_ context.Context, nodeClaim *karpv1.NodeClaim) (string, error) {
	typeName := c[nodeClaim.Status.ProviderID]
	if typeName == "unknown" {
		return "", errDown
	}
	return typeName, nil
}

// nodeClaim is one of a kind of NodeClass, with a provider ID and a type.
func nodeClaim(name, group, providerID, typeName string) *karpv1.NodeClaim {
	n := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if typeName != "" {
		n.Labels = map[string]string{corev1.LabelInstanceTypeStable: typeName}
	}
	n.Spec.NodeClassRef = karpv1.NodeClassReference{Group: group, Kind: v1alpha1.Kind, Name: "default"}
	n.Status.ProviderID = providerID
	return n
}

type world struct {
	client.Client
	t          *testing.T
	controller *takeover.Controller
	// fail is what writes fail with.
	fail error
}

func newWorld(t *testing.T, types catalogue, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := karpv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	w.Client = interceptor.NewClient(strictapi.Client(t, api), interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if w.fail != nil {
				return w.fail
			}
			return c.Patch(ctx, o, p, opts...)
		},
	})
	w.controller = takeover.New(takeover.Options{Client: w, Kind: nodeclass.Kind{Group: v1alpha1.Group, Kind: v1alpha1.Kind}, Types: types})
	return w
}

func (w *world) round(fails bool) {
	w.t.Helper()
	if _, err := w.controller.Reconcile(w.t.Context()); (err != nil) != fails {
		w.t.Errorf("error %v", err)
	}
	if err := w.controller.Done(); errors.Is(err, takeover.ErrUnderWay) != fails {
		w.t.Errorf("done: %v", err)
	}
}

func (w *world) typeOf(name string) string {
	w.t.Helper()
	n := &karpv1.NodeClaim{}
	if err := w.Get(w.t.Context(), client.ObjectKey{Name: name}, n); err != nil {
		w.t.Fatal(err)
	}
	return n.Labels[corev1.LabelInstanceTypeStable]
}

// CAPI-026
func TestTakeover(t *testing.T) {
	w := newWorld(t, catalogue{"id://a": "small", "id://b": "small", "id://c": "small", "": "small"},
		nodeClaim("nameless", v1alpha1.Group, "id://a", ""),
		nodeClaim("named", v1alpha1.Group, "id://b", "large"),
		nodeClaim("foreign", "example.com", "id://c", ""),
		nodeClaim("unlaunched", v1alpha1.Group, "", ""),
		nodeClaim("lost", v1alpha1.Group, "id://lost", ""),
	)
	if err := w.controller.Done(); !errors.Is(err, takeover.ErrUnderWay) {
		t.Errorf("done before the first round: %v", err)
	}
	w.round(false)
	for name, want := range map[string]string{"nameless": "small", "named": "large", "foreign": "", "unlaunched": "", "lost": ""} {
		if got := w.typeOf(name); got != want {
			t.Errorf("%s is of type %q, want %q", name, got, want)
		}
	}
}

// CAPI-026: what cannot be told or written now is tried again, and the others go on; what
// is refused for long is waited for no more, but an outage is.
func TestTrouble(t *testing.T) {
	types := catalogue{"id://a": "unknown", "id://b": "small"}
	w := newWorld(t, types, nodeClaim("a", v1alpha1.Group, "id://a", ""), nodeClaim("b", v1alpha1.Group, "id://b", ""))
	w.round(true)
	if w.typeOf("b") != "small" {
		t.Error("one that cannot be told stops another")
	}
	types["id://a"] = "large"
	for _, outage := range []error{errDown, apierrors.NewInternalError(errDown), apierrors.NewTimeoutError("slow", 1), apierrors.NewTooManyRequests("later", 1), apierrors.NewConflict(schema.GroupResource{}, "a", errDown)} {
		w.fail = outage
		for range 20 {
			w.round(true)
		}
	}
	w.fail = apierrors.NewInvalid(karpv1.GroupVersion.WithKind("NodeClaim").GroupKind(), "a",
		field.ErrorList{field.Invalid(field.NewPath("spec"), "x", "it was stored by an earlier release")})
	for range 19 {
		w.round(true)
	}
	for range 2 { // then it is looked at rarely, and is no error
		got, err := w.controller.Reconcile(t.Context())
		if err != nil || w.controller.Done() != nil || got.RequeueAfter < 10*time.Minute {
			t.Errorf("%+v, %v; still waited for: %v", got, err, w.controller.Done())
		}
	}
	w.fail = nil
	if got, err := w.controller.Reconcile(t.Context()); err != nil || got.RequeueAfter != 0 {
		t.Errorf("after all: %+v, %v", got, err)
	}
	if got := w.typeOf("a"); got != "large" {
		t.Errorf("it is of type %q", got)
	}
}
