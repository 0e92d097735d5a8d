// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/testkit/stubmanager"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// AWS-083, AWS-400: the end of a NodeClaim has its NodeClass resolved at once, by one of
// ten workers.
func TestEndOfNodeClaimResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, err := stubmanager.New(t.Context(), w.api.Scheme(), &v1.EC2NodeClass{}, &karpv1.NodeClaim{})
	w.must(err)
	w.must(controllersOf[*resolution.Controller[*v1.EC2NodeClass]](w)[0].Register(t.Context(), m))
	added, is := m.Added.(controller.Controller)
	if !is {
		t.Fatalf("a %T is added", m.Added)
	}
	// Workers begin when all sources have, so what this one asks for is done after that.
	w.must(added.Watch(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(w.nodeClass())})
		return nil
	})))
	w.unresolve()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- added.Start(ctx) }()
	w.eventuallyResolved()

	w.unresolve()
	informer, err := m.Informer(ctx, &karpv1.NodeClaim{})
	w.must(err)
	informer.Delete(claim("a"))
	w.eventuallyResolved()

	if err := testutil.GatherAndCompare(ctrlmetrics.Registry, strings.NewReader(`
# HELP controller_runtime_max_concurrent_reconciles Maximum number of concurrent reconciles per controller
# TYPE controller_runtime_max_concurrent_reconciles gauge
controller_runtime_max_concurrent_reconciles{controller="nodeclass.status"} 10
`), "controller_runtime_max_concurrent_reconciles"); err != nil {
		t.Error(err)
	}
	cancel()
	w.must(<-ended)
}

// unresolve has the NodeClass forget its subnets.
func (w *world) unresolve() {
	w.t.Helper()
	c := w.nodeClass()
	c.Status.Subnets = nil
	w.must(w.api.Status().Update(w.t.Context(), c))
}

// eventuallyResolved waits until it knows them again.
func (w *world) eventuallyResolved() {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(w.nodeClass().Status.Subnets) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("the NodeClass is not resolved")
		}
	}
}
