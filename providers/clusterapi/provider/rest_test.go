// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/provider"
	"karpenter.sh/providers/clusterapi/stock"
)

// CAPI-032: who waits for a provider ID does not look all the time, however much changes
// elsewhere.
func TestResumeWhileMuchChanges(t *testing.T) {
	w := newWorld(t)
	w.deployment("md", "small", "a")
	w.Slow()
	nodeClaim := w.nodeClaim("nc")
	_, err := w.front.Create(t.Context(), nodeClaim)
	wantClass(t, err, cloudprovider.ClassOther)

	var looks atomic.Int32
	reader := &inventory.Reader{Workload: inventory.Workload{Cache: w.workload, Live: w.workload}}
	reader.Management.Live = w.Client()
	reader.Management.Cache = interceptor.NewClient(w.API, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*capi.Machine); ok {
				looks.Add(1)
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	always := make(chan struct{})
	close(always)
	record := health.New(health.Options{Clock: w.clock})
	p, err := provider.New(provider.Options{
		Inventory: reader, Health: record, Stock: stock.New(stock.Options{Inventory: reader, Health: record, Clock: w.clock}),
		Events: w.events, Clock: clock.RealClock{}, Changes: func() <-chan struct{} { return always },
		Patience: 200 * time.Millisecond, Tick: 10 * time.Millisecond,
	})
	w.must(err)
	_, err = p.Create(t.Context(), w.stored(nodeClaim))
	wantClass(t, err, cloudprovider.ClassOther)
	if n := looks.Load(); n < 2 || n > 40 { // 200 ms, of which each look takes 10 at least
		t.Errorf("looked %d times", n)
	}
}
