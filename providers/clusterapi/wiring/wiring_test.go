// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/manager"

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

// roll is a manager that notes which controllers are added, by what their logs call them.
type roll struct {
	*stubmanager.Manager
	t     *testing.T
	names []string
}

// GetLogger implements manager.Manager.
func (r *roll) GetLogger() logr.Logger {
	return funcr.NewJSON(func(line string) {
		var values struct{ Controller string }
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			r.t.Error(err)
		}
		r.names = append(r.names, values.Controller)
	}, funcr.Options{})
}

// Add implements manager.Manager.
func (r *roll) Add(added manager.Runnable) error {
	if c, is := added.(interface{ GetLogger() logr.Logger }); is {
		c.GetLogger().Info("added")
	}
	return r.Manager.Add(added)
}

// CAPI-026, CAPI-055, CAPI-056, CAPI-060, CAPI-062: the controllers, by the names that logs
// and metrics have.
func TestNamesOfControllers(t *testing.T) {
	scheme := newScheme(t)
	m, err := stubmanager.New(t.Context(), scheme, &v1alpha1.ClusterAPINodeClass{}, &karpv1.NodeClaim{})
	if err != nil {
		t.Fatal(err)
	}
	r := &roll{Manager: m, t: t}
	for _, c := range newParts(t, scheme, prometheus.NewRegistry()).Controllers() {
		if err := c.Register(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"instance.garbagecollection", "machinedeployment.upkeep", "nodeclaim.takeover", "nodeclass.status", "nodeclass.termination"}
	if slices.Sort(r.names); !slices.Equal(r.names, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(r.names, " "), strings.Join(want, " "))
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
