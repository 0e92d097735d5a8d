// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"karpenter.sh/core/apis/crds"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	fakecrds "karpenter.sh/core/cloudprovider/fake/crds"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/controllers/node/eviction"
	nodehydration "karpenter.sh/core/controllers/node/hydration"
	"karpenter.sh/core/controllers/node/termination"
	"karpenter.sh/core/controllers/nodeclaim/consistency"
	"karpenter.sh/core/controllers/nodeclaim/expiration"
	"karpenter.sh/core/controllers/nodeclaim/garbagecollection"
	"karpenter.sh/core/controllers/nodeclaim/hydration"
	"karpenter.sh/core/controllers/nodeclaim/lifecycle"
	"karpenter.sh/core/controllers/nodeclaim/podevents"
	"karpenter.sh/core/controllers/nodeclaim/repair"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/testserver"
)

// cluster is an API server with all controllers of the two families running.
type cluster struct {
	t *testing.T
	// Client reads from the API server.
	client.Client
	provider *fake.Provider
	recorder *eventstest.Recorder
	registry *prometheus.Registry
}

// start runs a cluster until the end of the test.
func start(t *testing.T) *cluster {
	t.Helper()
	return startThrough(t, func(*rest.Config) {}, 0)
}

// startThrough is start with a change to the client of the controllers, which
// sends so many requests a second; zero for any number.
func startThrough(t *testing.T, change func(*rest.Config), qps int) *cluster {
	t.Helper()
	testserver.Need(t)
	c := &cluster{t: t, recorder: &eventstest.Recorder{}, registry: prometheus.NewRegistry()}
	c.provider = fake.New(fake.Options{Clock: clock.RealClock{}})
	restConfig := c.serve()
	restConfig.QPS = -1
	controllers := rest.CopyConfig(restConfig)
	if change(controllers); qps > 0 {
		controllers.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(float32(qps), qps*3/2)
	}
	m, err := manager.New(controllers, manager.Options{
		Scheme:     newScheme(t),
		Metrics:    server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	c.check(err)
	c.Client, err = client.New(restConfig, client.Options{Scheme: m.GetScheme()})
	c.check(err)
	c.check(index.Setup(t.Context(), m.GetFieldIndexer()))
	c.register(m, qps)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- m.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("manager: %v", err)
		}
	})
	if !m.GetCache().WaitForCacheSync(t.Context()) {
		t.Fatal("the cache did not sync")
	}
	return c
}

// serve starts the API server.
func (c *cluster) serve() *rest.Config {
	c.t.Helper()
	definitions, err := crds.Core()
	c.check(err)
	nodeClass, err := fakecrds.TestNodeClass()
	c.check(err)
	return testserver.Start(c.t, append(definitions, nodeClass)...).Config
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	return known
}

// register adds the controllers.
func (c *cluster) register(m manager.Manager, qps int) {
	c.t.Helper()
	kinds, err := cloudprovider.NodeClassKindsOf(c.provider.SupportedNodeClasses(), m.GetScheme())
	c.check(err)
	nodeClaims, err := metrics.NewNodeClaims(c.registry)
	c.check(err)
	nodes, err := metrics.NewNodes(c.registry)
	c.check(err)
	clk, cpu := clock.RealClock{}, int64(2000)
	evictions := eviction.New(eviction.Options{Client: m.GetClient(), Clock: clk, Recorder: c.recorder, Nodes: nodes, CPUMillis: cpu})
	for _, controller := range []interface {
		Register(context.Context, manager.Manager) error
	}{
		evictions,
		lifecycle.New(lifecycle.Options{
			Client: m.GetClient(), Live: m.GetAPIReader(), Provider: c.provider, NodeClasses: kinds, Vocabulary: vocabulary.Core(), Clock: clk,
			Recorder: c.recorder, NodeClaims: nodeClaims, Nodes: nodes, Health: noHealth{}, CPUMillis: cpu,
		}),
		termination.New(termination.Options{
			Client: m.GetClient(), Live: m.GetAPIReader(), Provider: c.provider, NodeClasses: kinds, Clock: clk, Recorder: c.recorder,
			Nodes: nodes, Evictor: evictions, CPUMillis: cpu, ClientQPS: qps,
		}),
		garbagecollection.New(garbagecollection.Options{Client: m.GetClient(), Provider: c.provider, NodeClasses: kinds, NodeClaims: nodeClaims}),
		expiration.New(expiration.Options{Client: m.GetClient(), NodeClasses: kinds, Clock: clk, NodeClaims: nodeClaims, CPUMillis: cpu}),
		repair.New(repair.Options{
			Client: m.GetClient(), Live: m.GetAPIReader(), Policies: c.provider.RepairPolicies(), NodeClasses: kinds, Clock: clk,
			Recorder: c.recorder, NodeClaims: nodeClaims, CPUMillis: cpu,
		}),
		consistency.New(consistency.Options{Client: m.GetClient(), NodeClasses: kinds, Clock: clk, Recorder: c.recorder, CPUMillis: cpu}),
		podevents.New(podevents.Options{Client: m.GetClient(), NodeClasses: kinds, Clock: clk, CPUMillis: cpu}),
		hydration.New(hydration.Options{Client: m.GetClient(), NodeClasses: kinds, CPUMillis: cpu}),
		nodehydration.New(nodehydration.Options{Client: m.GetClient(), NodeClasses: kinds, Clock: clk, CPUMillis: cpu}),
	} {
		c.check(controller.Register(c.t.Context(), m))
	}
}

func (c *cluster) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// eventually waits for something to become true.
func (c *cluster) eventually(within time.Duration, what string, holds func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// get reads an object and reports whether it is there.
func (c *cluster) get(o client.Object) bool {
	c.t.Helper()
	err := c.Get(c.t.Context(), client.ObjectKeyFromObject(o), o)
	c.check(client.IgnoreNotFound(err))
	return err == nil
}

// put creates objects, with their status.
func (c *cluster) put(objects ...client.Object) {
	c.t.Helper()
	for _, o := range objects {
		wanted := o.DeepCopyObject().(client.Object)
		c.check(c.Create(c.t.Context(), o))
		if _, ours := o.(*v1.NodeClaim); ours {
			continue // its status is the controllers'
		}
		wanted.SetResourceVersion(o.GetResourceVersion())
		c.check(c.Status().Patch(c.t.Context(), wanted, client.MergeFrom(o)))
	}
}

// metric is the sum of all series of a counter.
func (c *cluster) metric(name, label, value string) float64 {
	c.t.Helper()
	families, err := c.registry.Gather()
	c.check(err)
	sum := 0.0
	for _, family := range families {
		for _, series := range family.GetMetric() {
			for _, pair := range series.GetLabel() {
				if family.GetName() == name && pair.GetName() == label && pair.GetValue() == value {
					sum += series.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

// join creates the ready Node of a launched NodeClaim. There is no controller to
// remove the taint that the API server puts on every new Node.
func (c *cluster) join(nodeClaim *v1.NodeClaim) *corev1.Node {
	c.t.Helper()
	node := fake.NodeFor(nodeClaim)
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	c.put(node)
	c.check(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		c.get(node)
		node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady })
		return c.Update(c.t.Context(), node)
	}))
	return node
}

// in returns the cluster for a subtest.
func (c *cluster) in(t *testing.T) *cluster {
	sub := *c
	sub.t = t
	return &sub
}

type noHealth struct{}

func (noHealth) RecordSuccess(context.Context, *v1.NodeClaim) error { return nil }
func (noHealth) RecordFailure(context.Context, *v1.NodeClaim) error { return nil }
