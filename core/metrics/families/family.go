// SPDX-License-Identifier: Apache-2.0

package families

import "github.com/prometheus/client_golang/prometheus"

// Type is how a family counts.
type Type string

// Types of families, as Prometheus calls them.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
	Summary   Type = "summary"
)

// Stage is how much of a family users may rely on (OPS-088).
type Stage string

// Stages of families. The name and labels of a stable one stay within a major version;
// a deprecated one is there for those who still read it.
const (
	Stable     Stage = "stable"
	Beta       Stage = "beta"
	Alpha      Stage = "alpha"
	Deprecated Stage = "deprecated"
)

// Family is a metric with all its series.
type Family struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Labels are the names of the labels that every series has.
	Labels []string `json:"labels,omitempty"`
	// Buckets are the upper bounds of a histogram.
	Buckets []float64 `json:"buckets,omitempty"`
	// Quantiles are those of a summary, each with an error of 0.01.
	Quantiles []float64 `json:"quantiles,omitempty"`
	Stage     Stage     `json:"stage"`
	// Help is one sentence, which is served with the metric.
	Help string `json:"help"`
	// Always says that a leader shows a series from its start, whatever the cluster
	// holds. The others come with what they count.
	Always bool `json:"always,omitempty"`
	// Needs is the flag without which there is no series, dashes included; empty for
	// none.
	Needs string `json:"needs,omitempty"`
}

// Group is a table of families that are read together.
type Group struct {
	Title    string
	Families []Family
}

// Flatten lists the families of all groups.
func Flatten(groups []Group) []Family {
	var out []Family
	for _, g := range groups {
		out = append(out, g.Families...)
	}
	return out
}

// Desc describes the family to a collector that makes its series itself. Its labels
// are in the order of the table.
func (f Family) Desc() *prometheus.Desc { return prometheus.NewDesc(f.Name, f.Help, f.Labels, nil) }

// CounterVec makes the collector of a counter. Values of labels are in the order of the
// table, here and below.
func (f Family) CounterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
}

// GaugeVec makes the collector of a gauge.
func (f Family) GaugeVec() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Labels)
}

// HistogramVec makes the collector of a histogram.
func (f Family) HistogramVec() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.Buckets}, f.Labels)
}

// SummaryVec makes the collector of a summary.
func (f Family) SummaryVec() *prometheus.SummaryVec {
	objectives := map[float64]float64{}
	for _, q := range f.Quantiles {
		objectives[q] = 0.01
	}
	return prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: f.Name, Help: f.Help, Objectives: objectives}, f.Labels)
}
