// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/signals"
	"karpenter.sh/providers/clusterapi/wiring"
)

// newParts puts the provider together for a management cluster that does not answer.
func newParts(t *testing.T, scheme *runtime.Scheme, registry *prometheus.Registry) *wiring.Parts {
	t.Helper()
	cluster, err := management.Open(t.Context(), management.Options{
		Config: &rest.Config{Host: "http://127.0.0.1:1"}, Clock: clock.RealClock{}, Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	workload := fake.NewClientBuilder().WithScheme(scheme).Build()
	parts, err := wiring.New(wiring.Options{
		Management: cluster, Client: workload, Live: workload, Events: &eventstest.Recorder{}, Registerer: registry,
		Clock: clock.RealClock{}, Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

// CAPI-026, CAPI-055, CAPI-056, CAPI-060, CAPI-062: the controllers, by the names that logs
// and metrics have.
func TestNamesOfControllers(t *testing.T) {
	scheme := newScheme(t)
	m, err := stubmanager.New(t.Context(), scheme, &v1alpha1.ClusterAPINodeClass{}, &karpv1.NodeClaim{})
	if err != nil {
		t.Fatal(err)
	}
	r := stubmanager.NewRoll(t, m)
	for _, c := range newParts(t, scheme, prometheus.NewRegistry()).Controllers() {
		if err := c.Register(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"instance.garbagecollection", "machinedeployment.upkeep", "nodeclaim.takeover", "nodeclass.status", "nodeclass.termination"}
	if got := r.Names(); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// OPS-285: what is registered is what the reference lists.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	newParts(t, newScheme(t), registry)
	for _, f := range signals.Families().Families {
		again := prometheus.NewGauge(prometheus.GaugeOpts{Name: f.Name})
		if err := registry.Register(again); err == nil {
			t.Errorf("%s is not registered", f.Name)
		}
	}
}
