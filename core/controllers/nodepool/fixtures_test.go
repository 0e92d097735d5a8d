// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/controllers/nodepool"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/testkit/strictapi"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// usage is a model with fixed answers.
type usage struct {
	unloaded bool
	capacity map[string]corev1.ResourceList
}

func (u *usage) Loaded(context.Context) bool              { return !u.unloaded }
func (u *usage) Capacity(pool string) corev1.ResourceList { return u.capacity[pool] }
func testNodeClasses() []status.Object                    { return []status.Object{&v1alpha1.TestNodeClass{}} }
func get[T client.Object](t *testing.T, c client.Reader, into T, name string) T {
	t.Helper()
	if err := c.Get(t.Context(), client.ObjectKey{Name: name}, into); err != nil {
		t.Fatal(err)
	}
	return into
}

// world is an API server in memory and what the controllers work with.
type world struct {
	nodepool.Options
	usage *usage
	told  *eventstest.Recorder
	clock *clocktesting.FakeClock
	// types is what the provider sells; nil means that it does not answer.
	types []*cloudprovider.InstanceType
	// writes counts status writes; refused makes so many of them conflict.
	writes, refused int
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{usage: &usage{}, told: &eventstest.Recorder{}, clock: clocktesting.NewFakeClock(start)}
	c := strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1.NodePool{}, &v1.NodeClaim{}, &v1alpha1.TestNodeClass{}).
		WithInterceptorFuncs(w.countWrites()).
		Build())
	w.Options = nodepool.Options{
		Client: c, Live: c, Usage: w.usage, NodeClassObjects: testNodeClasses, Vocabulary: vocabulary.Core(),
		Catalogue: w.catalogue, Requirements: intake.New(intake.Options{Vocabulary: vocabulary.Core()}).PoolRequirements,
		Recorder: w.told, Clock: w.clock, CPUMillis: 1000,
	}
	return w
}

func (w *world) catalogue(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if w.types == nil {
		return nil, errors.New("the provider is away")
	}
	return w.types, nil
}

// pool of the NodeClass "default"; change completes it.
func pool(change ...func(*v1.NodePool)) *v1.NodePool {
	p := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "general", UID: "pool", Generation: 1, CreationTimestamp: metav1.NewTime(start.Add(-time.Hour))}}
	p.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"}
	for _, c := range change {
		c(p)
	}
	return p
}

// foreign makes a pool that of another provider.
func foreign(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Group = "other.sh" }

func nodeClass(conditions ...status.Condition) *v1alpha1.TestNodeClass {
	n := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", Generation: 1}}
	n.Status.Conditions = conditions
	return n
}

// claim of the pool.
func claim(name string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID(name),
		Labels:          map[string]string{v1.NodePoolLabelKey: "general"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "NodePool", Name: "general", UID: "pool"}},
	}}
	c.Spec.NodeClassRef = pool().Spec.Template.Spec.NodeClassRef
	for _, change := range change {
		change(c)
	}
	return c
}

// condition is a stored condition as a test compares it.
type condition struct {
	status          metav1.ConditionStatus
	reason, message string
}

// stored reads a condition of the pool; the zero condition stands for none.
func (w *world) stored(t *testing.T, conditionType string) condition {
	t.Helper()
	for _, c := range get(t, w.Live, &v1.NodePool{}, "general").Status.Conditions {
		if c.Type == conditionType {
			return condition{c.Status, c.Reason, c.Message}
		}
	}
	return condition{}
}

var errConflict = apierrors.NewConflict(schema.GroupResource{Resource: "nodepools"}, "general", errors.New("changed by another"))

// countWrites is in the way of every write of a status.
func (w *world) countWrites() interceptor.Funcs {
	return interceptor.Funcs{SubResourcePatch: func(ctx context.Context, c client.Client, subresource string, object client.Object, p client.Patch, options ...client.SubResourcePatchOption) error {
		w.writes++
		if w.refused > 0 {
			w.refused--
			return errConflict
		}
		return c.SubResource(subresource).Patch(ctx, object, p, options...)
	}}
}

// lagging is a client whose cache holds an old version of the pool.
func lagging(c client.Client, old *v1.NodePool) client.Client {
	return interceptor.NewClient(c.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if p, isPool := object.(*v1.NodePool); isPool {
				old.DeepCopyInto(p)
				return nil
			}
			return c.Get(ctx, key, object, options...)
		},
	})
}
