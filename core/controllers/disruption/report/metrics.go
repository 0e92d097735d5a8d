// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/metrics/families"
)

// Decision is what a command does to its nodes.
type Decision string

const (
	// Delete gives nodes up without a replacement.
	Delete Decision = "delete"
	// Replace gives nodes up for others that are launched first.
	Replace Decision = "replace"
)

// DecisionWith is the decision of a command with so many replacements.
func DecisionWith(replacements int) Decision {
	if replacements > 0 {
		return Replace
	}
	return Delete
}

// Metrics are the collectors of voluntary disruption.
type Metrics struct {
	evaluation        *prometheus.HistogramVec
	decisions         *prometheus.CounterVec
	decisionsByPool   *prometheus.CounterVec
	eligible          *prometheus.GaugeVec
	failedValidations *prometheus.CounterVec
	queueFailures     *prometheus.CounterVec
	allowed           *prometheus.GaugeVec
	consuming         *prometheus.GaugeVec
	driftBackoffs     *prometheus.CounterVec
	driftRests        *prometheus.GaugeVec
	score             *scores
	moves             *prometheus.CounterVec
	savings           *prometheus.HistogramVec
	payback           *prometheus.HistogramVec

	mu sync.Mutex
	// budgeted are the pools that have series of budgets, by reason.
	budgeted map[disrupt.Reason]map[string]bool
}

// NewMetrics makes the collectors and registers them.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	const prefix = "karpenter_voluntary_disruption_"
	r := families.New(registerer, families.Core()...)
	m := &Metrics{
		budgeted:          map[disrupt.Reason]map[string]bool{},
		evaluation:        r.Histogram(prefix + "decision_evaluation_duration_seconds"),
		decisions:         r.Counter(prefix + "decisions_total"),
		decisionsByPool:   r.Counter(prefix + "decisions_by_nodepool_total"),
		eligible:          r.Gauge(prefix + "eligible_nodes"),
		failedValidations: r.Counter(prefix + "failed_validations_total"),
		queueFailures:     r.Counter(prefix + "queue_failures_total"),
		allowed:           r.Gauge("karpenter_nodepools_allowed_disruptions"),
		consuming:         r.Gauge("karpenter_nodepools_nodes_consuming_budgets"),
		driftBackoffs:     r.Counter(prefix + "drift_backoffs_total"),
		driftRests:        r.Gauge("karpenter_nodepools_drift_backoff_seconds"),
		score:             newScores(r),
		moves:             r.Counter("karpenter_consolidation_moves_total"),
		savings:           r.Histogram(prefix + "command_savings_per_hour"),
		payback:           r.Histogram(prefix + "command_payback_seconds"),
	}
	timeouts := r.Counter(prefix + "consolidation_timeouts_total")
	if err := r.Err(); err != nil {
		return nil, err
	}
	timeouts.WithLabelValues(disrupt.Single)
	timeouts.WithLabelValues(disrupt.Multi)
	m.expect("")
	return m, nil
}

// expect makes the counters of the commands that there can be exist, at zero
// (OPS-085).
func (m *Metrics) expect(pool string) {
	empty, underutilized := disrupt.Emptiness{}.Kind(), disrupt.Consolidation{}.Kind()
	for _, c := range []struct {
		reason    disrupt.Reason
		kind      string
		decisions []Decision
	}{
		{empty.Reason, empty.Type, []Decision{Delete}},
		{underutilized.Reason, disrupt.Single, []Decision{Delete, Replace}},
		{underutilized.Reason, disrupt.Multi, []Decision{Delete, Replace}},
		{disrupt.Drifted, "", []Decision{Delete, Replace}},
	} {
		reason := string(Reason(c.reason))
		for _, decision := range c.decisions {
			m.decisions.WithLabelValues(string(decision), reason, c.kind)
			m.decisionsByPool.WithLabelValues(pool, string(decision), reason, c.kind)
			m.queueFailures.WithLabelValues(string(decision), reason, c.kind)
		}
		if c.kind != "" {
			m.failedValidations.WithLabelValues(c.kind)
		}
	}
}

// Reason is a reason as metrics spell it.
func Reason(r disrupt.Reason) metrics.Reason { return metrics.Reason(strings.ToLower(string(r))) }

// Evaluated records how long a method took from the beginning of its evaluation
// to its last word.
func (m *Metrics) Evaluated(kind disrupt.Kind, took time.Duration) {
	m.evaluation.WithLabelValues(string(Reason(kind.Reason)), kind.Type).Observe(took.Seconds())
}

// Started counts a command, whose nodes are of these pools, each named once, and what
// it saves.
func (m *Metrics) Started(c disrupt.Command, decision Decision, pools []string) {
	kind, reason := c.Kind, string(Reason(c.Kind.Reason))
	m.savings.WithLabelValues(reason, kind.Type).Observe(c.Saving)
	if c.Payback < disrupt.Never {
		m.payback.WithLabelValues(reason, kind.Type).Observe(c.Payback.Seconds())
	}
	m.decisions.WithLabelValues(string(decision), reason, kind.Type).Inc()
	for _, pool := range pools {
		m.decisionsByPool.WithLabelValues(pool, string(decision), reason, kind.Type).Inc()
	}
}

// QueueFailed counts the replacements that were never initialized of a command that
// failed.
func (m *Metrics) QueueFailed(kind disrupt.Kind, decision Decision, uninitialized int) {
	m.queueFailures.WithLabelValues(string(decision), string(Reason(kind.Reason)), kind.Type).Add(float64(uninitialized))
}

// SetBack counts that a pool is left alone because commands failed.
func (m *Metrics) SetBack(pool string, reason disrupt.Reason) {
	if reason == disrupt.Drifted {
		m.driftBackoffs.WithLabelValues(pool).Inc()
	}
}

// Rests publishes how much longer a pool's drifted nodes are left alone.
func (m *Metrics) Rests(pool string, left time.Duration) {
	m.driftRests.WithLabelValues(pool).Set(left.Seconds())
}

// Weighed records what a command was worth to the pools that it concerns (EXT-180).
func (m *Metrics) Weighed(approved bool, scores []disrupt.Score, policies map[string]v1.ConsolidationPolicy) {
	for _, s := range scores {
		m.score.observe(s.Value, verdict(s.Approved()), s.Pool, string(policies[s.Pool]))
	}
	for pool, policy := range policies {
		m.moves.WithLabelValues(verdict(approved), pool, string(policy)).Inc()
	}
}

func verdict(approved bool) string {
	if approved {
		return "approved"
	}
	return "rejected"
}

// Eligible publishes how many nodes there are for a reason.
func (m *Metrics) Eligible(reason disrupt.Reason, nodes int) {
	m.eligible.WithLabelValues(string(Reason(reason))).Set(float64(nodes))
}

// FailedValidation counts nodes that a validation dropped.
func (m *Metrics) FailedValidation(kind disrupt.Kind, nodes int) {
	m.failedValidations.WithLabelValues(kind.Type).Add(float64(nodes))
}

// Budgets publishes the budgets of the managed pools for a reason. Series of
// pools that are gone go with them.
func (m *Metrics) Budgets(reason disrupt.Reason, pools map[string]disrupt.Pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	published := map[string]bool{}
	for name, pool := range pools {
		if pool.Managed {
			published[name] = true
			m.expect(name)
			m.allowed.WithLabelValues(name, string(reason)).Set(float64(pool.Budget.Limit))
			m.consuming.WithLabelValues(name, string(reason)).Set(float64(pool.Budget.Disrupting))
		}
	}
	for name := range m.budgeted[reason] {
		if !published[name] {
			m.allowed.DeleteLabelValues(name, string(reason))
			m.consuming.DeleteLabelValues(name, string(reason))
			m.driftRests.DeleteLabelValues(name)
		}
	}
	m.budgeted[reason] = published
}

// Policy is a consolidation policy as metrics spell it (DIS-155).
func Policy(p v1.ConsolidationPolicy) string {
	switch p {
	case v1.ConsolidationPolicyWhenEmpty:
		return "when_empty"
	case v1.ConsolidationPolicyBalanced:
		return "balanced"
	}
	return "when_empty_or_underutilized"
}
