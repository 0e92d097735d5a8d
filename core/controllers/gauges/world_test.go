// SPDX-License-Identifier: Apache-2.0

package gauges_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	clientfake "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/gauges"
	"karpenter.sh/core/intake"
)

var (
	start     = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	nodeClass = schema.GroupKind{Group: "karpenter.example.com", Kind: "ExampleNodeClass"}
)

// world is the gauges with what they are read from.
type world struct {
	t           *testing.T
	client      client.Client
	cluster     *cluster.Cluster
	ledger      *cost.Ledger
	clock       *clocktesting.FakeClock
	registry    *prometheus.Registry
	pools, pods reconcile.Reconciler
}

type inventory struct{}

func (inventory) NodeNames(context.Context) ([]string, error)      { return nil, nil }
func (inventory) NodeClaimNames(context.Context) ([]string, error) { return nil, nil }

func newWorld(t *testing.T, added ...string) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	w := &world{t: t, ledger: cost.NewLedger(), clock: clocktesting.NewFakeClock(start), registry: prometheus.NewPedanticRegistry()}
	w.must(clientgoscheme.AddToScheme(scheme))
	w.must(v1.AddToScheme(scheme))
	w.client = clientfake.NewClientBuilder().WithScheme(scheme).Build()
	words, err := vocabulary.New(vocabulary.Additions{WellKnownLabels: added})
	w.must(err)
	w.cluster, err = cluster.New(cluster.Options{
		Clock: w.clock, Compiler: intake.New(intake.Options{Vocabulary: words}), Inventory: inventory{},
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	w.must(err)
	all, err := gauges.All(gauges.Options{
		Client: w.client, Cluster: w.cluster, Ledger: w.ledger, NodeClasses: cloudprovider.NodeClassKinds{nodeClass},
		Vocabulary: words, Clock: w.clock, Registerer: w.registry, CPUMillis: 1000,
	})
	w.must(err)
	w.pools, w.pods = all[0].(reconcile.Reconciler), all[1].(reconcile.Reconciler)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// store puts an object in the place of an earlier version, if any, and lets a
// controller see it.
func (w *world) store(r reconcile.Reconciler, o client.Object) {
	w.t.Helper()
	o = o.DeepCopyObject().(client.Object)
	w.must(client.IgnoreNotFound(w.client.Delete(w.t.Context(), o)))
	w.must(w.client.Create(w.t.Context(), o))
	w.see(r, o)
}

func (w *world) remove(r reconcile.Reconciler, o client.Object) {
	w.t.Helper()
	w.must(w.client.Delete(w.t.Context(), o))
	w.see(r, o)
}

func (w *world) see(r reconcile.Reconciler, o client.Object) {
	w.t.Helper()
	_, err := r.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)})
	w.must(err)
}

// pod stores a pod; the model takes it in too.
func (w *world) pod(p *corev1.Pod) {
	w.t.Helper()
	w.store(w.pods, p)
	w.cluster.UpdatePod(p, volume.Resolution{Settled: true})
}

// samples are the series whose names begin with a prefix, without it, sorted.
func (w *world) samples(prefix string) []string {
	w.t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		w.t.Fatal(answer.Body)
	}
	var out []string
	for line := range strings.Lines(answer.Body.String()) {
		if found, ok := strings.CutPrefix(line, prefix); ok {
			out = append(out, strings.TrimSuffix(found, "\n"))
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) expect(prefix string, want ...string) {
	w.t.Helper()
	if got := w.samples(prefix); !slices.Equal(got, want) {
		w.t.Errorf("%s:\ngot  %s\nwant %s", prefix, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func list(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

func newNode(name string, change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(start),
			Labels: map[string]string{
				v1.NodePoolLabelKey: "general", v1.NodeInitializedLabelKey: "true", corev1.LabelInstanceTypeStable: "m",
				corev1.LabelTopologyZone: "zone-a", corev1.LabelArchStable: "arm64", v1.CapacityTypeLabelKey: "spot",
			},
		},
		Spec: corev1.NodeSpec{ProviderID: "example://" + name},
		Status: corev1.NodeStatus{
			Phase:    corev1.NodeRunning,
			Capacity: list("cpu", "4", "memory", "8Gi"), Allocatable: list("cpu", "3900m", "memory", "7Gi"),
		},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func newPod(name, node string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(start)},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
			Name: "main", Resources: corev1.ResourceRequirements{Requests: list("cpu", "1500m"), Limits: list("cpu", "2", "memory", "1Gi")},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func ownedBy(apiVersion, kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: "owner"})
	}
}

func inPhase(phase corev1.PodPhase) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase = phase }
}

// became sets a condition that turned true so long after the start.
func became(condition corev1.PodConditionType, after time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
			Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(start.Add(after)),
		})
	}
}
