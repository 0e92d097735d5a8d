// SPDX-License-Identifier: Apache-2.0

package scrape_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/internal/scrape"
)

const served = `
# HELP karpenter_nodeclaims_created_total claims
# TYPE karpenter_nodeclaims_created_total counter
karpenter_nodeclaims_created_total{nodepool="a",reason="provisioned"} 3
karpenter_nodeclaims_created_total{nodepool="b",reason="provisioned"} 4
# TYPE karpenter_cluster_state_node_count gauge
karpenter_cluster_state_node_count 7
# TYPE karpenter_pods_bound_duration_seconds histogram
karpenter_pods_bound_duration_seconds_bucket{le="1"} 2
karpenter_pods_bound_duration_seconds_bucket{le="+Inf"} 5
karpenter_pods_bound_duration_seconds_sum 9.5
karpenter_pods_bound_duration_seconds_count 5
`

func parse(t *testing.T, text string, at time.Time) scrape.Snapshot {
	t.Helper()
	snapshot, err := scrape.Parse(strings.NewReader(text), at)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func TestSum(t *testing.T) {
	snapshot := parse(t, served, time.Now())
	for _, tc := range []struct {
		reason string
		name   string
		labels map[string]string
		want   float64
		found  bool
	}{
		{"all series are added up", "karpenter_nodeclaims_created_total", nil, 7, true},
		{"labels choose", "karpenter_nodeclaims_created_total", map[string]string{"nodepool": "b"}, 4, true},
		{"all labels must match", "karpenter_nodeclaims_created_total", map[string]string{"nodepool": "b", "reason": "drifted"}, 0, false},
		{"a label the series lacks matches none", "karpenter_cluster_state_node_count", map[string]string{"nodepool": "a"}, 0, false},
		{"a gauge without labels", "karpenter_cluster_state_node_count", nil, 7, true},
		{"a histogram counts its observations", "karpenter_pods_bound_duration_seconds", nil, 5, true},
		{"an unknown name", "karpenter_unknown", nil, 0, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, found := snapshot.Sum(tc.name, tc.labels)
			if got != tc.want || found != tc.found {
				t.Errorf("got %v, %v; want %v, %v", got, found, tc.want, tc.found)
			}
		})
	}
}

func TestShape(t *testing.T) {
	snapshot := parse(t, served, time.Now())
	if got := snapshot.Type("karpenter_pods_bound_duration_seconds"); got != "histogram" {
		t.Errorf("type is %q", got)
	}
	if got := snapshot.Type("karpenter_unknown"); got != "" {
		t.Errorf("type of an unknown metric is %q", got)
	}
	if got := snapshot.LabelNames("karpenter_nodeclaims_created_total"); !slices.Equal(got, []string{"nodepool", "reason"}) {
		t.Errorf("label names are %q", got)
	}
	if got := snapshot.Names("karpenter_nodeclaims"); !slices.Equal(got, []string{"karpenter_nodeclaims_created_total"}) {
		t.Errorf("names are %q", got)
	}
}

func TestUsageBetween(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	text := func(cpu string) string {
		return "process_cpu_seconds_total " + cpu + "\nprocess_resident_memory_bytes 1e+08\n"
	}
	usage, ok := scrape.UsageBetween(parse(t, text("10"), start), parse(t, text("13"), start.Add(time.Minute)))
	if !ok || usage.CPU != 3*time.Second || usage.Elapsed != time.Minute || usage.Memory != 100_000_000 || usage.Cores() != 0.05 {
		t.Errorf("got %+v, %v", usage, ok)
	}
	if _, ok := scrape.UsageBetween(parse(t, text("10"), start), parse(t, text("1"), start.Add(time.Minute))); ok {
		t.Error("a counter that began anew was taken for the same process")
	}
	if _, ok := scrape.UsageBetween(parse(t, served, start), parse(t, served, start)); ok {
		t.Error("usage without the metrics of a process")
	}
}

func TestFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(served))
	}))
	defer server.Close()
	snapshot, err := scrape.Fetch(context.Background(), server.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := snapshot.Sum("karpenter_cluster_state_node_count", nil); got != 7 {
		t.Errorf("node count is %v", got)
	}
	if _, err := scrape.Fetch(context.Background(), server.URL+"/elsewhere"); err == nil {
		t.Error("404 was taken for metrics")
	}
}

func TestBy(t *testing.T) {
	snapshot := parse(t, served, time.Now())
	if got := snapshot.By("karpenter_nodeclaims_created_total", "nodepool"); len(got) != 2 || got["a"] != 3 || got["b"] != 4 {
		t.Errorf("by nodepool: %v", got)
	}
	if got := snapshot.By("karpenter_nodeclaims_created_total", "reason"); len(got) != 1 || got["provisioned"] != 7 {
		t.Errorf("series of one value are added up: %v", got)
	}
	if got := snapshot.By("karpenter_cluster_state_node_count", "nodepool"); len(got) != 0 {
		t.Errorf("a label the series lacks: %v", got)
	}
}
