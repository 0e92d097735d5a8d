// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/engine/disrupt"
)

func newMetrics(t *testing.T) (*report.Metrics, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m, err := report.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	return m, registry
}

// expect looks for samples in the text that is served.
func expect(t *testing.T, registry *prometheus.Registry, samples ...string) {
	t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, s := range samples {
		if !strings.Contains(answer.Body.String(), s+"\n") {
			t.Errorf("no sample %s in\n%s", s, answer.Body)
		}
	}
}

// OPS-145, OPS-146, EXT-179: what commands were worth; an infinite score spoils no sum.
func TestWeighed(t *testing.T) {
	t.Parallel()
	m, registry := newMetrics(t)
	policies := map[string]v1.ConsolidationPolicy{"a": v1.ConsolidationPolicyBalanced, "b": v1.ConsolidationPolicyWhenEmpty}
	for _, value := range []float64{0.2, 0.6, math.Inf(1)} {
		score := disrupt.Score{Pool: "a", Value: value}
		m.Weighed(score.Approved(), []disrupt.Score{score}, policies)
	}
	const approved, rejected = `{decision="approved",nodepool="a",policy="Balanced"`, `{decision="rejected",nodepool="a",policy="Balanced"`
	expect(t, registry,
		`karpenter_consolidation_moves_total`+approved+`} 2`,
		`karpenter_consolidation_moves_total`+rejected+`} 1`,
		`karpenter_consolidation_moves_total{decision="approved",nodepool="b",policy="WhenEmpty"} 2`,
		`karpenter_consolidation_score_sum`+rejected+`} 0.2`,
		`karpenter_consolidation_score_bucket`+rejected+`,le="0.1"} 0`,
		`karpenter_consolidation_score_bucket`+rejected+`,le="0.25"} 1`,
		`karpenter_consolidation_score_sum`+approved+`} 0.6`,
		`karpenter_consolidation_score_bucket`+approved+`,le="10"} 1`,
		`karpenter_consolidation_score_bucket`+approved+`,le="+Inf"} 2`,
	)
	m.Weighed(true, []disrupt.Score{{Pool: "a", Value: 0.6}}, policies) // after a scrape
	expect(t, registry, `karpenter_consolidation_score_bucket`+approved+`,le="1"} 2`)
}

// OPS-294, OPS-295: what commands save, and when they have made up for it.
func TestStarted(t *testing.T) {
	t.Parallel()
	m, registry := newMetrics(t)
	kind := disrupt.Kind{Reason: disrupt.Underutilized, Type: disrupt.Single}
	m.Started(disrupt.Command{Kind: kind, Saving: 0.02, Payback: 90 * time.Second}, report.Delete, []string{"a"})
	m.Started(disrupt.Command{Kind: kind, Saving: -0.5, Payback: disrupt.Never}, report.Replace, []string{"a", "b"})
	const of = `{consolidation_type="single",reason="underutilized"`
	expect(t, registry,
		`karpenter_voluntary_disruption_command_savings_per_hour_bucket`+of+`,le="-0.1"} 1`,
		`karpenter_voluntary_disruption_command_savings_per_hour_bucket`+of+`,le="0.03"} 2`,
		`karpenter_voluntary_disruption_command_payback_seconds_bucket`+of+`,le="60"} 0`,
		`karpenter_voluntary_disruption_command_payback_seconds_bucket`+of+`,le="120"} 1`,
		`karpenter_voluntary_disruption_command_payback_seconds_count`+of+`} 1`,
		`karpenter_voluntary_disruption_decisions_total{consolidation_type="single",decision="replace",reason="underutilized"} 1`,
		`karpenter_voluntary_disruption_decisions_by_nodepool_total{consolidation_type="single",decision="replace",nodepool="b",reason="underutilized"} 1`,
	)
}

// OPS-140, OPS-142, OPS-085, OPS-089: what exists at the start, with the values of labels
// that there are.
func TestAtTheStart(t *testing.T) {
	t.Parallel()
	_, registry := newMetrics(t)
	expect(t, registry,
		`karpenter_voluntary_disruption_consolidation_timeouts_total{consolidation_type="single"} 0`,
		`karpenter_voluntary_disruption_consolidation_timeouts_total{consolidation_type="multi"} 0`,
		`karpenter_voluntary_disruption_queue_failures_total{consolidation_type="",decision="replace",reason="drifted"} 0`,
		`karpenter_voluntary_disruption_decisions_total{consolidation_type="empty",decision="delete",reason="empty"} 0`,
	)
	allowed := map[string][]string{
		"reason": {"underutilized", "empty", "drifted"}, "decision": {"delete", "replace"},
		"consolidation_type": {"empty", "single", "multi", ""}, "nodepool": {""},
	}
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		eachLabel(f, func(name, value string) {
			if !slices.Contains(allowed[name], value) {
				t.Errorf("%s has %s=%q", f.GetName(), name, value)
			}
		})
	}
}

func eachLabel(f *dto.MetricFamily, do func(name, value string)) {
	for _, series := range f.GetMetric() {
		for _, pair := range series.GetLabel() {
			do(pair.GetName(), pair.GetValue())
		}
	}
}
