// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/provider"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/selection"
	"karpenter.sh/providers/clusterapi/stock"
)

var errDown = errors.New("the API server is not available")

// world is a provider between a management and a workload cluster in memory, with a
// NodeClass named "default" that is ready. Time passes by steps, but for windows and
// waits.
type world struct {
	*simcapi.Cluster
	t      testing.TB
	clock  *clocktesting.FakeClock
	events *eventstest.Recorder
	// workload is never failing; noLookup makes the provider's reads of NodeClasses fail.
	workload client.WithWatch
	noLookup atomic.Bool
	// hidden makes the cache show no Machine by its provider ID.
	hidden atomic.Bool
	// noSets makes it fail to read MachineSets.
	noSets atomic.Bool
	// scope is what takes part after the next restart.
	scope selection.Scope
	// reader is that of the provider.
	reader *inventory.Reader
	// front is the provider that runs now, as the core calls it.
	front *front
}

func newWorld(t testing.TB) *world {
	t.Helper()
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{t: t, clock: clock, events: &eventstest.Recorder{}, Cluster: simcapi.New(t, clock, "v1beta2"), scope: selection.Scope{ClusterName: simcapi.ClusterName}}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme, v1alpha1.AddToScheme} {
		w.must(add(scheme))
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&karpv1.NodeClaim{}, &v1alpha1.ClusterAPINodeClass{})
	for _, f := range index.Fields() {
		if _, _, err := scheme.ObjectKinds(f.Object); err == nil {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.workload = builder.Build()
	nodeClass := &v1alpha1.ClusterAPINodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid-of-default", Generation: 1}}
	w.must(w.workload.Create(t.Context(), nodeClass))
	w.setReady(metav1.ConditionTrue, "")
	w.front = &front{world: w}
	w.restart()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restart makes another process on the same clusters.
func (w *world) restart() {
	w.t.Helper()
	management, strict := w.Client(), strictapi.Client(w.t, w.workload)
	cached := interceptor.NewClient(strict, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*v1alpha1.ClusterAPINodeClass); ok && w.noLookup.Load() {
				return errDown
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	reader := &inventory.Reader{
		Management: inventory.Management{Cache: w.hiding(), Live: management},
		Workload:   inventory.Workload{Cache: cached, Live: strict},
		Scope:      w.scope,
	}
	w.reader = reader
	record := health.New(health.Options{Clock: w.clock})
	scaler := scaling.New(scaling.Options{
		Inventory: reader, Management: management, Workload: strict, Clock: clock.RealClock{}, Changes: w.Changed, Log: logr.Discard(),
		Refused: provider.Refused(record),
		Idle:    10 * time.Millisecond, MaxWait: 100 * time.Millisecond, Patience: 500 * time.Millisecond, Tick: 10 * time.Millisecond, Least: time.Millisecond,
	})
	w.t.Cleanup(func() { w.must(scaler.Close(context.Background())) })
	p, err := provider.New(provider.Options{
		Inventory: reader, Scaler: scaler, Health: record,
		Stock:  stock.New(stock.Options{Inventory: reader, Health: record, Clock: w.clock}),
		Events: w.events, Clock: clock.RealClock{}, Changes: w.Changed, Patience: 100 * time.Millisecond, Tick: 10 * time.Millisecond,
	})
	w.must(err)
	w.front.CloudProvider = p
}

// front is what the core does around the provider: a NodeClaim is stored before it is
// launched, and one that names its Machine already is what is launched again.
type front struct {
	cloudprovider.CloudProvider
	*world
}

// Unwrap implements cloudprovider.Layer.
func (f *front) Unwrap() cloudprovider.CloudProvider { return f.CloudProvider }

// Create implements cloudprovider.CloudProvider.
func (f *front) Create(ctx context.Context, nodeClaim *karpv1.NodeClaim) (*karpv1.NodeClaim, error) {
	if nodeClaim != nil {
		born := nodeClaim.DeepCopy()
		born.CreationTimestamp = metav1.NewTime(f.clock.Now())
		_ = f.workload.Create(ctx, born) // one that was launched before is there
	}
	return f.CloudProvider.Create(ctx, nodeClaim)
}

// deployment adds one of 4 CPUs and 16 GiB in a zone.
func (w *world) deployment(name, typeName, zone string, annotations ...string) client.ObjectKey {
	return w.Deployment(name, 0, func(d *capi.MachineDeployment) {
		d.Annotations[instancetype.AnnotationCPU], d.Annotations[instancetype.AnnotationMemory] = "4", "16Gi"
		d.Annotations[instancetype.AnnotationArch], d.Annotations[instancetype.AnnotationOS] = "amd64", "linux"
		d.Annotations[instancetype.AnnotationLabels] = fmt.Sprintf(
			"node.kubernetes.io/instance-type=%s,topology.kubernetes.io/zone=%s,topology.kubernetes.io/region=r", typeName, zone)
		for i := 0; i+1 < len(annotations); i += 2 {
			d.Annotations[annotations[i]] = annotations[i+1]
		}
	})
}

func (w *world) nodeClass() *v1alpha1.ClusterAPINodeClass {
	w.t.Helper()
	nodeClass := &v1alpha1.ClusterAPINodeClass{}
	w.must(w.workload.Get(context.Background(), client.ObjectKey{Name: "default"}, nodeClass))
	return nodeClass
}

func (w *world) setReady(is metav1.ConditionStatus, message string) {
	w.t.Helper()
	nodeClass := w.nodeClass()
	nodeClass.StatusConditions()
	for i := range nodeClass.Status.Conditions {
		c := &nodeClass.Status.Conditions[i]
		c.Status, c.Reason, c.Message, c.ObservedGeneration = is, "Tested", message, nodeClass.Generation
	}
	w.must(w.workload.Status().Update(context.Background(), nodeClass))
}

// hiding is the cache of the management cluster.
func (w *world) hiding() client.Reader {
	return interceptor.NewClient(w.API, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*capi.MachineSet); ok && w.noSets.Load() {
				return errDown
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if asked := (&client.ListOptions{}).ApplyOptions(opts); asked.FieldSelector != nil && w.hidden.Load() {
				return nil
			}
			return c.List(ctx, list, opts...)
		},
	})
}
