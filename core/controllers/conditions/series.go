// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"strings"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
)

// series are the metrics of OPS-150 with one prefix.
type series struct {
	// extra is how many labels are those of objects.
	extra                   int
	transitions             *prometheus.CounterVec
	transition, termination *prometheus.HistogramVec
	count, age, terminating *prometheus.Desc
	// deprecated ones belong to several kinds.
	deprecated bool
}

func newSeries(prefix string, extra []string, constant prometheus.Labels, buckets []float64) *series {
	if buckets == nil {
		buckets = prometheus.DefBuckets
	}
	extra = labelNames(extra)
	with := func(names ...string) []string { return append(names, extra...) }
	of := with("namespace", "name", "type", "status", "reason")
	return &series{
		extra:      len(extra),
		deprecated: constant != nil,
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_status_condition_transitions_total", ConstLabels: constant,
			Help: "Changes of the status of a condition, and first sightings, by the status and reason that it came to have.",
		}, with("type", "status", "reason")),
		transition: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "_status_condition_transition_seconds", ConstLabels: constant, Buckets: buckets,
			Help: "How long a condition had a status before it came to have another.",
		}, with("type", "status", "to_status")),
		termination: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "_termination_duration_seconds", ConstLabels: constant, Buckets: buckets,
			Help: "Time from the deletion of an object until it is gone.",
		}, extra),
		count: prometheus.NewDesc(prefix+"_status_condition_count",
			"1 for every condition of every object, by its status and reason.", of, constant),
		age: prometheus.NewDesc(prefix+"_status_condition_current_status_seconds",
			"How long a condition has had its status.", of, constant),
		terminating: prometheus.NewDesc(prefix+"_termination_current_time_seconds",
			"Time since the deletion of an object that is still there.", with("namespace", "name"), constant),
	}
}

// labelNames turns keys of object labels into names of metric labels (OPS-151).
func labelNames(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(key)
	}
	return out
}

// values are those of the given labels and of the extra ones.
func (s *series) values(at *observation, of ...string) []string {
	return append(of, at.labels[:s.extra]...)
}

func (s *series) transitioned(at *observation, is *status.Condition) {
	s.transitions.WithLabelValues(s.values(at, is.Type, string(is.Status), is.Reason)...).Inc()
}

func (s *series) lasted(at *observation, was, is *status.Condition) {
	s.transition.WithLabelValues(s.values(at, is.Type, string(was.Status), string(is.Status))...).
		Observe(is.LastTransitionTime.Sub(was.LastTransitionTime.Time).Seconds())
}

func (s *series) ended(at *observation, took time.Duration) {
	s.termination.WithLabelValues(s.values(at)...).Observe(took.Seconds())
}

// collector shows series.
type collector struct {
	*series
	seen  func() []*observation
	clock clock.PassiveClock
}

// Describe implements [prometheus.Collector]. The deprecated series are not
// described, which keeps the registry from checking them: several collectors
// share their names, and the library that the conditions come from claims them
// too, without ever having one.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	if c.deprecated {
		return
	}
	c.transitions.Describe(to)
	c.transition.Describe(to)
	c.termination.Describe(to)
	for _, desc := range []*prometheus.Desc{c.count, c.age, c.terminating} {
		to <- desc
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.transitions.Collect(to)
	c.transition.Collect(to)
	c.termination.Collect(to)
	now := c.clock.Now()
	for _, o := range c.seen() {
		c.collect(to, o, now)
	}
}

// collect shows the gauges of one object.
func (c *collector) collect(to chan<- prometheus.Metric, o *observation, now time.Time) {
	gauge := func(desc *prometheus.Desc, value float64, labels []string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	if !o.deleted.IsZero() {
		gauge(c.terminating, now.Sub(o.deleted).Seconds(), c.values(o, o.key.Namespace, o.key.Name))
	}
	for i := range o.conditions {
		condition := &o.conditions[i]
		labels := c.values(o, o.key.Namespace, o.key.Name, condition.Type, string(condition.Status), condition.Reason)
		gauge(c.count, 1, labels)
		gauge(c.age, now.Sub(condition.LastTransitionTime.Time).Seconds(), labels)
	}
}
