// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/interruption"
	"karpenter.sh/providers/aws/providerid"
)

var errDown = errors.New("the API server is down")

// reservations notes which reservations are said to have nothing left.
type reservations struct{ refused []string }

func (r *reservations) Refused(id string) { r.refused = append(r.refused, id) }

// world is a cluster in a simulated account.
type world struct {
	*account
	api           client.WithWatch
	status, queue *kit.Controller
	events        *eventstest.Recorder
	health        *health.Record
	reservations  *reservations
	registry      *prometheus.Registry
	// deletes fails the deletion of NodeClaims.
	deletes error
	// stale is what the cache shows as NodeClaims, if set.
	stale *v1.NodeClaimList
}

// newWorld has a NodeClaim and a Node for each instance, named like it.
func newWorld(t *testing.T, instances ...string) *world {
	t.Helper()
	w := &world{account: newAccount(t), events: &eventstest.Recorder{}, reservations: &reservations{}, registry: prometheus.NewRegistry()}
	scheme := runtime.NewScheme()
	must(t, errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)))
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for _, f := range index.Fields() {
		if _, ok := f.Object.(*corev1.Node); ok {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.api = builder.Build()
	for _, id := range instances {
		w.claim(id)
	}
	w.health = health.New(health.Options{Clock: w.clock})
	counters, err := metrics.NewNodeClaims(w.registry)
	must(t, err)
	own, err := interruption.NewMetrics(w.registry)
	must(t, err)
	controllers := interruption.Controllers(interruption.Options{
		Client: w.client(t), Live: w.api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())},
		QueueName: "c1", SQS: sqs.NewFromConfig(w.config), EC2: ec2.NewFromConfig(w.config), Health: w.health,
		Reservations: w.reservations, Events: w.events, NodeClaims: counters, Metrics: own, Clock: w.clock,
	})
	w.status, w.queue = controllers[0], controllers[1]
	return w
}

func (w *world) client(t *testing.T) client.Client {
	return interceptor.NewClient(strictapi.Client(t, w.api), interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if w.deletes != nil {
				return w.deletes
			}
			return c.Delete(ctx, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if claims, ok := list.(*v1.NodeClaimList); ok && w.stale != nil {
				w.stale.DeepCopyInto(claims)
				return nil
			}
			return c.List(ctx, list, opts...)
		},
	})
}

// claim adds the NodeClaim and the Node of an instance.
func (w *world) claim(id string, change ...func(*v1.NodeClaim)) {
	w.t.Helper()
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: id, UID: types.UID("uid-of-" + id), Finalizers: []string{v1.TerminationFinalizer},
		Labels: map[string]string{
			v1.NodePoolLabelKey: "pool", v1.CapacityTypeLabelKey: "spot",
			corev1.LabelInstanceTypeStable: "m5.large", corev1.LabelTopologyZone: "us-west-2a",
		},
	}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: awsv1.Group, Kind: awsv1.NodeClassKind, Name: "default"}
	c.Status.ProviderID = providerid.New("us-west-2a", id)
	for _, change := range change {
		change(c)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: id, UID: types.UID("node-of-" + id)}, Spec: corev1.NodeSpec{ProviderID: c.Status.ProviderID}}
	must(w.t, errors.Join(w.api.Create(w.t.Context(), c), w.api.Create(w.t.Context(), node)))
}

func (w *world) read(id string) *v1.NodeClaim {
	w.t.Helper()
	c := &v1.NodeClaim{}
	must(w.t, w.api.Get(w.t.Context(), client.ObjectKey{Name: id}, c))
	return c
}

// deleted reports whether a NodeClaim is deleted, and whether it may drain.
func (w *world) deleted(id string) (deleted, drains bool) {
	w.t.Helper()
	c := w.read(id)
	return !c.DeletionTimestamp.IsZero(), c.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey] == ""
}

// round lets a controller make one.
func (w *world) round(c *kit.Controller) {
	w.t.Helper()
	_, err := c.Reconcile(w.t.Context())
	must(w.t, err)
}

// metric is the value of a counter, or the count of a histogram, with a label's value;
// -1 if there is no such series.
func (w *world) metric(name, value string) int {
	w.t.Helper()
	families, err := w.registry.Gather()
	must(w.t, err)
	total := -1
	for _, f := range families {
		for _, m := range f.GetMetric() {
			matches := value == ""
			for _, l := range m.GetLabel() {
				matches = matches || l.GetValue() == value
			}
			if f.GetName() == name && matches {
				total = max(total, 0) + int(m.GetCounter().GetValue()) + int(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return total
}
