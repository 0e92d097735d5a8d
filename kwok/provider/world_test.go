// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
	"karpenter.sh/kwok/provider"
)

var errDown = errors.New("the API server is not available")

// world is a provider on an API server without Nodes, with a NodeClass named
// "default". The provider is started.
type world struct {
	*provider.Provider
	api    client.Client // not counted, never failing
	clock  *clocktesting.FakeClock
	events *eventstest.Recorder
	// calls counts the calls of the provider to the API server.
	calls atomic.Int64
	// down and noNodeClass make calls fail; creates and pages are called first.
	down, noNodeClass atomic.Bool
	creates           func() error
	pages             func(*client.ListOptions, client.ObjectList) error
	// lists is called when the cache has been listed, and may change what it showed.
	lists func(client.ObjectList)
}

// settings change what newWorld makes.
type settings struct {
	types    string // a catalogue in YAML; the embedded one if empty
	inject   bool
	random   func() float64
	noStart  bool
	delay    string
	creates  func() error
	catalog  *catalogue.Catalogue
	nodeMeta map[string]string
}

func newWorld(t testing.TB, s settings) *world {
	t.Helper()
	w := &world{
		clock:   clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		events:  &eventstest.Recorder{},
		creates: s.creates,
	}
	nodeClass := &v1alpha1.KWOKNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", Annotations: s.nodeMeta}}
	nodeClass.Spec.NodeRegistrationDelay = s.delay
	w.api = fake.NewClientBuilder().WithScheme(scheme(t)).
		WithObjects(nodeClass).
		WithStatusSubresource(&v1alpha1.KWOKNodeClass{}, &v1.NodeClaim{}).
		Build()
	w.Provider = w.restart(t, s)
	return w
}

// restart makes another provider on the same API server.
func (w *world) restart(t testing.TB, s settings) *provider.Provider {
	t.Helper()
	types := s.catalog
	switch {
	case types != nil:
	case s.types == "":
		types = embedded(t)
	default:
		var err error
		if types, err = catalogue.Parse("types.yaml", []byte(s.types)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := provider.New(provider.Options{
		Client:         interceptor.NewClient(strictapi.Client(t, w.api.(client.WithWatch)), w.cached()),
		Live:           interceptor.NewClient(strictapi.Client(t, w.api.(client.WithWatch)), w.live()),
		Catalogue:      types,
		Clock:          w.clock,
		Events:         w.events,
		InjectFailures: s.inject,
		Random:         s.random,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !s.noStart {
		start(t, p)
	}
	return p
}

// loadOnce reads the embedded catalogue, which never changes, for all tests.
var loadOnce = sync.OnceValues(func() (*catalogue.Catalogue, error) { return catalogue.Load("") })

func embedded(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a provider until the test ends.
func start(t testing.TB, p *provider.Provider) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the provider ended with %v", err)
		}
	})
}

// cached counts writes only: reads come from the cache.
func (w *world) cached() interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if _, ok := obj.(*v1alpha1.KWOKNodeClass); ok && w.noNodeClass.Load() {
				return errDown
			}
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := c.List(ctx, list, opts...)
			if w.lists != nil {
				w.lists(list)
			}
			return err
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			w.calls.Add(1)
			if w.creates != nil {
				if err := w.creates(); err != nil {
					return err
				}
			}
			obj.SetCreationTimestamp(metav1.NewTime(w.clock.Now())) // as the API server does
			return c.Create(ctx, obj, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			w.calls.Add(1)
			return c.Delete(ctx, obj, opts...)
		},
	}
}

func (w *world) live() interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if w.calls.Add(1); w.down.Load() {
				return errDown
			}
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if w.calls.Add(1); w.down.Load() {
				return errDown
			}
			if w.pages != nil {
				return w.pages((&client.ListOptions{}).ApplyOptions(opts), list)
			}
			return c.List(ctx, list, opts...)
		},
	}
}

func scheme(t testing.TB) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func in(key string, values ...string) v1.NodeSelectorRequirementWithMinValues {
	return v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: v1.OperatorIn, Values: values}
}

// nodeClaim asks for a Linux machine of pool "pool".
func nodeClaim(name string, requirements ...v1.NodeSelectorRequirementWithMinValues) *v1.NodeClaim {
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("uid-of-" + name),
			Labels: map[string]string{v1.NodePoolLabelKey: "pool", v1alpha1.LabelNodeClass: "default"},
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"},
			Requirements: append([]v1.NodeSelectorRequirementWithMinValues{in(label.OS, "linux")}, requirements...),
		},
	}
}

func nodePool() *v1.NodePool {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "pool"}}
	pool.Spec.Template.Spec.NodeClassRef = nodeClaim("any").Spec.NodeClassRef
	return pool
}

func (w *world) create(t testing.TB, claim *v1.NodeClaim) *v1.NodeClaim {
	t.Helper()
	created, err := w.Create(t.Context(), claim)
	if err != nil {
		t.Fatalf("creating %s: %v", claim.Name, err)
	}
	return created
}

// node waits for a machine's Node.
func (w *world) node(t testing.TB, machine *v1.NodeClaim) *corev1.Node {
	t.Helper()
	node := &corev1.Node{}
	eventually(t, "Node "+machine.Status.NodeName, func() bool {
		return w.api.Get(t.Context(), client.ObjectKey{Name: machine.Status.NodeName}, node) == nil
	})
	return node
}

func (w *world) nodes(t testing.TB) []corev1.Node {
	t.Helper()
	var list corev1.NodeList
	if err := w.api.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (w *world) nodeClass(t testing.TB) *v1alpha1.KWOKNodeClass {
	t.Helper()
	nodeClass := &v1alpha1.KWOKNodeClass{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "default"}, nodeClass); err != nil {
		t.Fatal(err)
	}
	return nodeClass
}

func (w *world) annotate(t testing.TB, annotations map[string]string) {
	t.Helper()
	nodeClass := w.nodeClass(t)
	nodeClass.Annotations = annotations
	if err := w.api.Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
}

func (w *world) setReady(t testing.TB, is metav1.ConditionStatus, message string) {
	t.Helper()
	nodeClass := w.nodeClass(t)
	nodeClass.StatusConditions().SetTrueWithReason("Ready", "Tested", message)
	nodeClass.Status.Conditions[0].Status = is
	if err := w.api.Status().Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for %s", what)
		}
	}
}

func wantClass(t *testing.T, err error, want cloudprovider.ErrorClass) {
	t.Helper()
	if err == nil || cloudprovider.ClassOf(err) != want {
		t.Fatalf("got %v of class %d, want class %d", err, cloudprovider.ClassOf(err), want)
	}
}
