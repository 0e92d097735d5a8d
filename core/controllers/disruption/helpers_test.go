// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func objectMeta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func timeOf(t time.Time) *metav1.Time {
	m := metav1.NewTime(t)
	return &m
}

func ownedBy(apiVersion, kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: "owner", UID: "owner"})
	}
}

// held makes a pod one that is terminating for long once it is deleted.
func held(p *corev1.Pod) { p.Finalizers = []string{"test.sh/hold"} }

// guard is a budget that lets no pod with app=guarded go.
func guard() *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "guard"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "guarded"}}},
	}
}

// counter is the sum of the series of a metric that have these labels, given as
// name and value by turns.
func (w *world) counter(name string, labels ...string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if has(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func has(m *dto.Metric, labels []string) bool {
	values := map[string]string{}
	for _, l := range m.GetLabel() {
		values[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(labels); i += 2 {
		if values[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// exists reports whether a metric has any series.
func (w *world) exists(name string) bool {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == name })
}

const validationWait = 15 * time.Second

// dieAfterTaint lets the Node be tainted once and everything else fail, so that
// not even a rollback happens.
func (w *world) dieAfterTaint(err error) {
	var dead atomic.Bool
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		if dead.Swap(true) {
			return err
		}
		return c.Patch(ctx, o, p, opts...)
	}
	w.faults.SubResourcePatch = func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
		return err
	}
}

// records are what was logged.
type records struct {
	mu   sync.Mutex
	list []string
}

func (r *records) add(record string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, record)
}

// String is all of them, one in a line.
func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.list, "\n")
}

func (r *records) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

func cpu(amount string) resource.Quantity { return resource.MustParse(amount) }
