// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
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
	waits := clocktesting.NewFakeClock(w.clock.Now())
	const tick = 10 * time.Millisecond
	p, err := provider.New(provider.Options{
		Inventory: reader, Health: record, Stock: stock.New(stock.Options{Inventory: reader, Health: record, Clock: w.clock}),
		Events: w.events, Clock: waits, Changes: func() <-chan struct{} { return always },
		Patience: 20 * tick, Tick: tick,
	})
	w.must(err)
	ended, stored := make(chan error, 1), w.stored(nodeClaim)
	go func() {
		_, err := p.Create(t.Context(), stored)
		ended <- err
	}()
	// It rests when the clock has three timers: for its patience, the tick and the rest.
	rests := func() bool { return waits.Waiters() == 3 }
	eventually(t, "it rests", rests)
	for steps := int32(0); steps < 19; steps++ {
		if n := looks.Load(); n != steps {
			t.Errorf("looked %d times in %d ticks", n, steps)
		}
		waits.Step(tick)
		eventually(t, "it rests again", rests)
	}
	eventually(t, "its patience ends", func() bool {
		waits.Step(tick)
		return len(ended) > 0
	})
	wantClass(t, <-ended, cloudprovider.ClassOther)
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for: %s", what)
		}
	}
}
