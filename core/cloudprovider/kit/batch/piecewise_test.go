// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"karpenter.sh/core/cloudprovider/kit/batch"
)

// KIT-210: each caller is answered by itself, and the metrics count the requests that
// the call tells of.
func TestPiecewise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		metrics, err := batch.NewMetrics(registry)
		if err != nil {
			t.Fatal(err)
		}
		opts := options()
		opts.Metrics = metrics
		left := errors.New("left out")
		b := batch.NewPiecewise(opts, func(_ context.Context, w batch.Window[string, int, string]) {
			w.Requested(2)
			w.Requested(1)
			// The three ask side by side: the order of the callers is anyone's.
			callers := map[int]batch.Caller[int, string]{}
			for _, c := range w.Callers {
				callers[c.Item] = c
			}
			callers[1].Answer(batch.Result[string]{Err: left})
			time.Sleep(time.Minute)
			callers[2].Answer(batch.Result[string]{Value: answer(w.Key, 2)})
			if callers[2].Answer(batch.Result[string]{}) || callers[2].Waits() {
				t.Error("a caller took two answers")
			}
		})
		defer shut(t, b)
		one, two, three := ask(t.Context(), b, "a", 1), ask(t.Context(), b, "a", 2), ask(t.Context(), b, "a", 3)
		if got := <-one; !errors.Is(got.err, left) || got.took >= time.Minute {
			t.Errorf("1 got %+v, want its error before 2 has its answer", got)
		}
		if got := <-two; got.err != nil || got.value != "a/2" {
			t.Errorf("2 got %+v, want its value", got)
		}
		if got := <-three; !errors.Is(got.err, batch.ErrNoAnswer) {
			t.Errorf("3 got %+v, want ErrNoAnswer", got)
		}
		if n := testutil.CollectAndCount(registry, "karpenter_cloudprovider_batcher_batch_size"); n != 1 {
			t.Errorf("%d series", n)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if h := f.Metric[0].GetHistogram(); f.GetName() == "karpenter_cloudprovider_batcher_batch_size" && (h.GetSampleCount() != 2 || h.GetSampleSum() != 3) {
				t.Errorf("%d requests of %v callers are counted, want 2 of 3", h.GetSampleCount(), h.GetSampleSum())
			}
		}
	})
}

// KIT-210, KIT-084: who leaves takes no answer, and the call goes on without anybody.
func TestPiecewiseOutlivesItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := make(chan bool, 1)
		b := batch.NewPiecewise(options(), func(ctx context.Context, w batch.Window[string, int, string]) {
			time.Sleep(time.Minute)
			if ctx.Err() != nil {
				t.Error("the call was cancelled")
			}
			took <- w.Callers[0].Waits() || w.Callers[0].Answer(batch.Result[string]{})
		})
		defer shut(t, b)
		ctx, leave := context.WithCancel(t.Context())
		gone := ask(ctx, b, "a", 1)
		time.Sleep(time.Second)
		leave()
		if got := <-gone; !errors.Is(got.err, context.Canceled) {
			t.Errorf("the caller got %+v", got)
		}
		if <-took {
			t.Error("a caller that has left took its answer")
		}
	})
}
