// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
)

func instrument(t *testing.T, provider cloudprovider.CloudProvider) (cloudprovider.Layer, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	layer, err := cloudprovider.Instrument(provider, cloudprovider.Instrumentation{
		Registerer: registry,
		Controller: func(context.Context) string { return "some.controller" },
		Clock:      clocktesting.NewFakePassiveClock(time.Unix(0, 0)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer, registry
}

func TestInstrument(t *testing.T) { // CP-076, OPS-087, OPS-147, OPS-148
	provider := fake.New(fake.Options{Clock: clocktesting.NewFakeClock(time.Unix(0, 0))})
	layer, registry := instrument(t, provider)
	cause := errors.New("cause")
	provider.FailNext(fake.Create, cloudprovider.NewInsufficientCapacityError(cause), cloudprovider.NewNodeClassNotReadyError(cause), cause)
	ctx, claim := t.Context(), &v1.NodeClaim{}
	for range 4 {
		_, _ = layer.Create(ctx, claim)
	}
	_ = layer.Delete(ctx, claim)
	_ = layer.Delete(ctx, claim) // gone by now
	_, _ = layer.Get(ctx, "fake://none")
	_, _ = layer.List(ctx)
	_, _ = layer.GetInstanceTypes(ctx, &v1.NodePool{})
	provider.FailNext(fake.IsDrifted, cloudprovider.NewNodeClaimNotFoundError(cause))
	_, _ = layer.IsDrifted(ctx, claim)

	want := `
# HELP karpenter_cloudprovider_errors_total Failed calls to the cloud provider, by controller, method, provider and class of error.
# TYPE karpenter_cloudprovider_errors_total counter
karpenter_cloudprovider_errors_total{controller="some.controller",error="",method="Create",provider="fake"} 1
karpenter_cloudprovider_errors_total{controller="some.controller",error="InsufficientCapacityError",method="Create",provider="fake"} 1
karpenter_cloudprovider_errors_total{controller="some.controller",error="NodeClaimNotFoundError",method="IsDrifted",provider="fake"} 1
karpenter_cloudprovider_errors_total{controller="some.controller",error="NodeClassNotReadyError",method="Create",provider="fake"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "karpenter_cloudprovider_errors_total"); err != nil {
		t.Error(err)
	}
	wantCounts(t, registry, map[string]uint64{"Create": 4, "Delete": 2, "Get": 1, "List": 1, "GetInstanceTypes": 1, "IsDrifted": 1})
}

// wantCounts checks how many calls the histogram saw, and its buckets.
func wantCounts(t *testing.T, registry *prometheus.Registry, want map[string]uint64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, family := range families {
		if family.GetName() != "karpenter_cloudprovider_duration_seconds" {
			continue
		}
		found = true
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "method" && m.GetHistogram().GetSampleCount() != want[l.GetValue()] {
					t.Errorf("%s: %d calls, want %d", l.GetValue(), m.GetHistogram().GetSampleCount(), want[l.GetValue()])
				}
			}
			var buckets []float64
			for _, b := range m.GetHistogram().GetBucket() {
				buckets = append(buckets, b.GetUpperBound())
			}
			if !slices.Equal(buckets, []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}) {
				t.Errorf("buckets %v", buckets)
			}
		}
		if len(family.GetMetric()) != len(want) {
			t.Errorf("%d series, want %d", len(family.GetMetric()), len(want))
		}
	}
	if !found {
		t.Error("no histogram of durations")
	}
}

// OPS-085: what an alert watches exists before it grows.
func TestExpectCalls(t *testing.T) {
	layer, registry := instrument(t, fake.New(fake.Options{Clock: clocktesting.NewFakeClock(time.Unix(0, 0))}))
	cloudprovider.ExpectCalls(layer, "some.controller")
	cloudprovider.ExpectCalls(nothing{}, "some.controller")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string]bool{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetCounter().GetValue() != 0 {
				t.Errorf("something was counted: %v", m)
			}
			for _, l := range m.GetLabel() {
				if l.GetName() == "method" {
					methods[l.GetValue()] = true
				}
			}
		}
	}
	if len(methods) != 6 {
		t.Errorf("series of the methods %v", methods)
	}
}

func TestInstrumentTwice(t *testing.T) { // CP-075
	layer, _ := instrument(t, fake.New(fake.Options{Clock: clocktesting.NewFakeClock(time.Unix(0, 0))}))
	opts := cloudprovider.Instrumentation{Registerer: prometheus.NewRegistry(), Clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))}
	if _, err := cloudprovider.Instrument(layer, opts); err == nil {
		t.Error("the layer went on twice")
	}
}

// nothing is a provider that breaks CP-021.
type nothing struct{ cloudprovider.CloudProvider }

func (nothing) Name() string { return "nothing" }
func (nothing) Create(context.Context, *v1.NodeClaim) (*v1.NodeClaim, error) {
	return nil, nil
}

func TestInstrumentNilResult(t *testing.T) { // CP-021
	layer, _ := instrument(t, nothing{})
	if _, err := layer.Create(t.Context(), &v1.NodeClaim{}); err == nil {
		t.Error("neither result nor error")
	}
}

type hooked struct{ cloudprovider.CloudProvider }

type hook struct{ cloudprovider.RegistrationHook }

func (hooked) RegistrationHooks() []cloudprovider.RegistrationHook {
	return []cloudprovider.RegistrationHook{hook{}}
}

func TestRegistrationHooks(t *testing.T) { // CP-039
	inner := hooked{fake.New(fake.Options{Clock: clocktesting.NewFakeClock(time.Unix(0, 0))})}
	layer, _ := instrument(t, inner)
	if n := len(cloudprovider.RegistrationHooks(layer)); n != 1 {
		t.Errorf("%d hooks seen through the layer", n)
	}
	if n := len(cloudprovider.RegistrationHooks(nothing{})); n != 0 {
		t.Errorf("%d hooks of a provider without any", n)
	}
	for result, passed := range map[cloudprovider.HookResult]bool{
		{}: true, {Requeue: true}: false, {RequeueAfter: time.Second}: false,
	} {
		if result.Passed() != passed {
			t.Errorf("%+v: passed %t", result, result.Passed())
		}
	}
}

func TestVocabularyOf(t *testing.T) { // CP-005
	layer, _ := instrument(t, fake.New(fake.Options{Clock: clocktesting.NewFakeClock(time.Unix(0, 0))}))
	words, err := cloudprovider.VocabularyOf(layer)
	if err != nil || !words.IsWellKnown(fake.LabelSize) || words.ReservationIDLabel() != fake.LabelReservationID ||
		!words.IsRestricted("karpenter.test.sh/other") {
		t.Errorf("the provider's words are missing: %v", err)
	}
	words, err = cloudprovider.VocabularyOf(nothing{})
	if err != nil || words.IsWellKnown(fake.LabelSize) || !words.IsWellKnown("topology.kubernetes.io/zone") {
		t.Errorf("a provider without words of its own: %v", err)
	}
}
