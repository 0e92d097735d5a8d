// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// reader finds the labels that the result of an expression may have, and what is wrong
// with the expression: a series that nobody shows, a label that no series has.
type reader struct {
	series series
	wrong  []string
}

func (r *reader) complain(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// read returns the labels of the result.
func (r *reader) read(e parser.Expr) set {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return r.selector(e)
	case *parser.MatrixSelector:
		return r.read(e.VectorSelector)
	case *parser.SubqueryExpr:
		return r.read(e.Expr)
	case *parser.ParenExpr:
		return r.read(e.Expr)
	case *parser.UnaryExpr:
		return r.read(e.Expr)
	case *parser.AggregateExpr:
		return r.aggregate(e)
	case *parser.BinaryExpr:
		return r.binary(e)
	case *parser.Call:
		return r.call(e)
	}
	return set{}
}

func (r *reader) selector(e *parser.VectorSelector) set {
	of, shown := r.series[e.Name]
	if !shown {
		r.complain("nobody shows %q", e.Name)
		return set{}
	}
	for _, m := range e.LabelMatchers {
		if m.Name != model.MetricNameLabel && !of[m.Name] {
			r.complain("%s has no label %q", e.Name, m.Name)
		}
	}
	return of
}

func (r *reader) aggregate(e *parser.AggregateExpr) set {
	of := r.read(e.Expr)
	for _, name := range e.Grouping {
		if !of[name] {
			r.complain("%s has no label %q to group by, only %s", e.Expr, name, of)
		}
	}
	switch {
	case e.Without:
		return of.without(e.Grouping...)
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK:
		return of
	}
	return setOf(e.Grouping)
}

func (r *reader) binary(e *parser.BinaryExpr) set {
	left, right := r.read(e.LHS), r.read(e.RHS)
	switch {
	case e.VectorMatching == nil: // a scalar on one side
		return left.with(slices.Collect(right.names())...)
	case e.Op == parser.LOR:
		return left.with(slices.Collect(right.names())...)
	}
	m := e.VectorMatching
	for _, name := range m.MatchingLabels {
		if !left[name] || !right[name] {
			r.complain("%s: label %q is not on both sides", e, name)
		}
	}
	switch {
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		return left
	case m.Card == parser.CardManyToOne:
		return left.with(m.Include...)
	case m.Card == parser.CardOneToMany:
		return right.with(m.Include...)
	case m.On:
		return setOf(m.MatchingLabels)
	}
	if left.String() != right.String() {
		r.complain("%s: the sides have the labels %s, and %s", e, left, right)
	}
	return left.without(m.MatchingLabels...)
}

func (r *reader) call(e *parser.Call) set {
	of := set{}
	for _, arg := range e.Args {
		if arg.Type() == parser.ValueTypeVector || arg.Type() == parser.ValueTypeMatrix {
			of = r.read(arg)
		}
	}
	switch e.Func.Name {
	case "histogram_quantile":
		if !of["le"] {
			r.complain("%s: no buckets", e)
		}
		return of.without("le")
	case "label_replace":
		from, to := text(e.Args[3]), text(e.Args[1])
		if !of[from] {
			r.complain("%s: no label %q", e, from)
		}
		return of.with(to)
	case "absent":
		return set{}
	}
	return of
}

func text(e parser.Expr) string {
	literal, ok := e.(*parser.StringLiteral)
	if !ok {
		return ""
	}
	return literal.Val
}

// TestReader breaks expressions on purpose.
func TestReader(t *testing.T) {
	shown := series{}
	shown.add(family{Name: "karpenter_a_total", Type: "counter", Labels: []string{"pool"}})
	shown.add(family{Name: "karpenter_b_seconds", Type: "histogram", Labels: []string{"pool"}})
	for _, tt := range []struct {
		reason, expr string
		wrong        int
		labels       string
	}{
		{"as it should be", `sum by (pool) (rate(karpenter_a_total{pool="x"}[5m]))`, 0, "pool"},
		{"a quantile", `histogram_quantile(0.9, sum by (le) (rate(karpenter_b_seconds_bucket[5m])))`, 0, ""},
		{"a ratio", `sum(karpenter_a_total) / sum(karpenter_b_seconds_count)`, 0, ""},
		{"a filter", `karpenter_a_total * on (job, instance) group_left () karpenter_a_total`, 0, "instance, job, namespace, pod, pool"},
		{"a label made of another", `sum by (p) (label_replace(karpenter_a_total, "p", "$1", "pool", "(.*)"))`, 0, "p"},
		{"an unknown metric", `karpenter_c`, 1, ""},
		{"a histogram without suffix", `karpenter_b_seconds`, 1, ""},
		{"an unknown label to match", `sum(karpenter_a_total{zone="x"})`, 1, ""},
		{"an unknown label to group by", `sum by (zone) (karpenter_a_total)`, 1, "zone"},
		{"a label that was summed away", `sum by (pool) (sum(karpenter_a_total))`, 1, "pool"},
		{"no buckets", `histogram_quantile(0.9, sum by (pool) (rate(karpenter_b_seconds_bucket[5m])))`, 1, "pool"},
		{"sides that never match", `sum by (pool) (karpenter_a_total) / sum(karpenter_a_total)`, 1, "pool"},
		{"matched by what one side lacks", `sum by (pool) (karpenter_a_total) and on (pool) sum(karpenter_a_total)`, 1, "pool"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			r := reader{series: shown}
			if got := r.read(parse(t, tt.expr)); len(r.wrong) != tt.wrong || got.String() != tt.labels {
				t.Errorf("labels %s, complaints %q", got, r.wrong)
			}
		})
	}
}
