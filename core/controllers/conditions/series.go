// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"karpenter.sh/core/metrics/families"
)

// series are the metrics of OPS-150 with one prefix.
type series struct {
	// twin is what every series of deprecated names has for the last labels: group and
	// kind. Nil means that the labels of the object stand there.
	twin                    []string
	transitions             *prometheus.CounterVec
	transition, termination *prometheus.HistogramVec
	count, age, terminating *prometheus.Desc
}

func newSeries(f families.Conditions, twin ...string) *series {
	return &series{
		twin:        twin,
		transitions: f.Transitions.CounterVec(),
		transition:  f.Transition.HistogramVec(),
		termination: f.Termination.HistogramVec(),
		count:       f.Count.Desc(),
		age:         f.Age.Desc(),
		terminating: f.Terminating.Desc(),
	}
}

// values are those of the given labels and of the further ones.
func (s *series) values(at *observation, of ...string) []string {
	if s.twin != nil {
		return append(of, s.twin...)
	}
	return append(of, at.labels...)
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
	if c.twin != nil {
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
