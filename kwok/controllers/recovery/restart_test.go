// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/kwok/apis/crds"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
	"karpenter.sh/kwok/controllers/recovery"
	"karpenter.sh/kwok/provider"
)

// delay is long enough for a process to end before the Node appears.
const delay = 5 * time.Second

// cluster is an API server that outlives the processes of the provider.
type cluster struct {
	config *rest.Config
	scheme *runtime.Scheme
	api    client.Client
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	config := testserver.Start(t, definitions...).Config
	api := testserver.Client(t, config, corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme)
	c := &cluster{config: config, scheme: api.Scheme(), api: api}
	nodeClass := &v1alpha1.KWOKNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	nodeClass.Spec.NodeRegistrationDelay = delay.String()
	if err := c.api.Create(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	return c
}

// process starts the provider as a process of its own would, and returns it with
// the function that ends it.
func (c *cluster) process(t *testing.T) (*provider.Provider, func()) {
	t.Helper()
	unchecked := true // the same controller runs once for each process
	m, err := manager.New(c.config, manager.Options{
		Scheme:     c.scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: &unchecked},
	})
	if err != nil {
		t.Fatal(err)
	}
	types, err := catalogue.Load("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := provider.New(provider.Options{
		Client: m.GetClient(), Live: m.GetAPIReader(), Catalogue: types, Clock: clock.RealClock{}, Events: &eventstest.Recorder{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, controller := range []interface {
		Register(context.Context, manager.Manager) error
	}{p, &recovery.Controller{Client: m.GetClient(), Resumer: p}} {
		if err := controller.Register(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	if !m.GetCache().WaitForCacheSync(ctx) {
		t.Fatal("the cache did not fill")
	}
	return p, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the process ended with %v", err)
		}
	}
}

// nodeClaim is stored and asks for the smallest machine.
func (c *cluster) nodeClaim(t *testing.T, name string) *v1.NodeClaim {
	t.Helper()
	nodeClaim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"},
			Requirements: []v1.NodeSelectorRequirementWithMinValues{{Key: label.OS, Operator: v1.OperatorIn, Values: []string{"linux"}}},
		},
	}
	if err := c.api.Create(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	return nodeClaim
}

// store writes what Create answered, as core does (LIF-081).
func (c *cluster) store(t *testing.T, nodeClaim, created *v1.NodeClaim) {
	t.Helper()
	nodeClaim.Labels, nodeClaim.Annotations = created.Labels, created.Annotations
	if err := c.api.Update(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	nodeClaim.Status.ProviderID = created.Status.ProviderID
	nodeClaim.Status.Capacity, nodeClaim.Status.Allocatable = created.Status.Capacity, created.Status.Allocatable
	nodeClaim.StatusConditions().SetTrue(v1.ConditionTypeLaunched)
	if err := c.api.Status().Update(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) nodes(t *testing.T) map[string]string {
	t.Helper()
	var list corev1.NodeList
	if err := c.api.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, node := range list.Items {
		out[node.Spec.ProviderID] = node.Labels[label.Zone]
	}
	return out
}

// KWOK-031, CP-022, CP-348: a process that ends in the middle of launches leaves
// nothing undone and nothing twice.
func TestRestart(t *testing.T) {
	c := newCluster(t)
	stored, lost := c.nodeClaim(t, "stored"), c.nodeClaim(t, "lost")
	before, end := c.process(t)
	launched, err := before.Create(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	c.store(t, stored, launched)
	unheard, err := before.Create(t.Context(), lost) // the answer reaches nobody
	if err != nil {
		t.Fatal(err)
	}
	end()
	if nodes := c.nodes(t); len(nodes) != 0 {
		t.Fatalf("the process lived too long: %v", nodes)
	}

	after, end := c.process(t)
	defer end()
	again, err := after.Create(t.Context(), lost)
	if err != nil || again.Status.ProviderID != unheard.Status.ProviderID {
		t.Fatalf("got %v, %v, want %s again", again, err, unheard.Status.ProviderID)
	}
	for deadline := time.Now().Add(30 * time.Second); len(c.nodes(t)) < 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still only %v", c.nodes(t))
		}
	}
	nodes := c.nodes(t)
	for _, machine := range []*v1.NodeClaim{launched, unheard} {
		if zone, ok := nodes[machine.Status.ProviderID]; !ok || zone != machine.Labels[label.Zone] {
			t.Errorf("%s in %s: Nodes %v", machine.Status.ProviderID, machine.Labels[label.Zone], nodes)
		}
	}
	if len(nodes) != 2 {
		t.Errorf("%d Nodes of two launches", len(nodes))
	}
}
