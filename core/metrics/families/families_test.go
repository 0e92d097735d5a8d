// SPDX-License-Identifier: Apache-2.0

package families_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/metrics/families"
)

func binary(t *testing.T) families.Binary {
	t.Helper()
	words, err := vocabulary.New(vocabulary.Additions{WellKnownLabels: []string{"example.com/size"}})
	if err != nil {
		t.Fatal(err)
	}
	return families.Binary{
		Vocabulary: words, NodeClasses: []schema.GroupKind{{Group: "example.com", Kind: "ExampleNodeClass"}},
		Own: []families.Group{families.Kit()},
	}
}

// OPS-087, OPS-088, OPS-085: what every row of every table keeps.
func TestTables(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	stages := []families.Stage{families.Stable, families.Beta, families.Alpha, families.Deprecated}
	for _, f := range families.Flatten(binary(t).Groups()) {
		if seen[f.Name] {
			t.Errorf("%s stands twice", f.Name)
		}
		seen[f.Name] = true
		if !slices.Contains(stages, f.Stage) {
			t.Errorf("%s has the stage %q", f.Name, f.Stage)
		}
		if !strings.HasSuffix(f.Help, ".") || strings.ContainsAny(f.Help, "|\n") {
			t.Errorf("%s: help %q is no sentence for a table", f.Name, f.Help)
		}
		if (f.Type == families.Histogram) != (len(f.Buckets) > 0) || (f.Type == families.Summary) != (len(f.Quantiles) > 0) {
			t.Errorf("%s is a %s with buckets %v and quantiles %v", f.Name, f.Type, f.Buckets, f.Quantiles)
		}
		if f.Type == families.Counter && !strings.HasSuffix(f.Name, "_total") {
			t.Errorf("counter %s does not end in _total", f.Name)
		}
		if !slices.IsSorted(f.Buckets) || len(slices.Compact(slices.Clone(f.Buckets))) != len(f.Buckets) {
			t.Errorf("%s has the buckets %v", f.Name, f.Buckets)
		}
	}
}

// OPS-150, OPS-151, OPS-115: labels that depend on the provider.
func TestBinary(t *testing.T) {
	t.Parallel()
	all := map[string]families.Family{}
	for _, f := range families.Flatten(binary(t).Groups()) {
		all[f.Name] = f
	}
	for name, want := range map[string]string{
		"operator_nodeclaim_status_condition_count":              "namespace,name,type,status,reason,karpenter_sh_nodepool,example_com_examplenodeclass",
		"operator_node_termination_duration_seconds":             "karpenter_sh_nodepool,example_com_examplenodeclass,karpenter_sh_initialized",
		"operator_nodepool_status_condition_transitions_total":   "type,status,reason",
		"operator_examplenodeclass_termination_duration_seconds": "",
		"operator_status_condition_count":                        "namespace,name,type,status,reason,group,kind",
		"karpenter_nodes_allocatable":                            "arch,capacity_type,instance_type,nodepool,os,region,size,windows_build,zone,managed,node_name,phase,resource_type",
	} {
		if got := strings.Join(all[name].Labels, ","); got != want || all[name].Name == "" {
			t.Errorf("%s has labels %s, not %s", name, got, want)
		}
	}
	if got := all["operator_nodepool_status_condition_transition_seconds"].Buckets; got[0] != 0.5 || len(got) != 15 || got[14] != 8192 {
		t.Errorf("OPS-087: COND is %v", got)
	}
	if got := all["operator_examplenodeclass_status_condition_transition_seconds"].Buckets; !slices.Equal(got, prometheus.DefBuckets) {
		t.Errorf("OPS-150: buckets of a NodeClass are %v", got)
	}
}

// OPS-018, OPS-116, OPS-298, OPS-299: the flag without which a family has no series, which
// alerts and dashboards must do without unless it is the default.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, f := range families.Flatten(binary(t).Groups()) {
		want := ""
		switch name := f.Name; {
		case strings.HasPrefix(name, "operator_status_condition_"), strings.HasPrefix(name, "operator_termination_"):
			want = "--compatibility-metrics"
		case strings.HasPrefix(name, "operator_capacitybuffer_"):
			want = "--feature-gates=CapacityBuffer=true"
		case strings.HasPrefix(name, "karpenter_cloudprovider_instance_type_"):
			want = "--offering-metrics"
		case strings.HasPrefix(name, "operator_"), strings.HasPrefix(name, "karpenter_nodes_") && f.Type == families.Gauge,
			strings.HasPrefix(name, "karpenter_pods_") && !counted(name), name == "karpenter_cluster_utilization_percent",
			name == "karpenter_nodepools_usage", name == "karpenter_nodepools_limit", name == "karpenter_nodepools_cost_total":
			want = "--disable-cluster-state-observability=false"
		}
		if f.Needs != want {
			t.Errorf("%s needs %q, not %q", f.Name, f.Needs, want)
		}
	}
}

// counted holds for families of pods that tell what Karpenter did.
func counted(name string) bool {
	return strings.HasSuffix(name, "_total") || name == "karpenter_pods_scheduling_decision_duration_seconds"
}

// OPS-087: the buckets that durations are counted in, and the quantiles.
func TestBuckets(t *testing.T) {
	t.Parallel()
	want := []float64{
		0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75,
		2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
	}
	if got := families.Durations(); !slices.Equal(got, want) {
		t.Errorf("DUR is %v, not %v", got, want)
	}
	if got := families.Calls(); !slices.Equal(got, prometheus.DefBuckets) {
		t.Errorf("DEF is %v", got)
	}
	for _, f := range families.Flatten(families.Core()) {
		if f.Type == families.Summary && !slices.Equal(f.Quantiles, []float64{0, 0.5, 0.9, 0.99, 1}) {
			t.Errorf("%s has the quantiles %v", f.Name, f.Quantiles)
		}
	}
}

// A collector is made of a table or not at all, so that the reference misses none.
func TestRegistry(t *testing.T) {
	t.Parallel()
	const known = "karpenter_nodes_created_total"
	for _, tt := range []struct {
		reason string
		make   func(*families.Registry)
		fails  string
	}{
		{"a family of the table", func(r *families.Registry) { r.Counter(known).WithLabelValues("pool", "zone").Inc() }, ""},
		{"in no table", func(r *families.Registry) { r.Counter("karpenter_unheard_of_total") }, "is in no table"},
		{"of another type", func(r *families.Registry) { r.Gauge(known) }, "is a counter, not a gauge"},
		{"registered twice", func(r *families.Registry) { r.Counter(known); r.Counter(known) }, "registering the metric " + known},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			r := families.New(prometheus.NewPedanticRegistry(), families.Core()...)
			tt.make(r)
			err := r.Err()
			if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
		})
	}
}
