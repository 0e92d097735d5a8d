// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"encoding/json"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// byDefault is a setting that some metrics need, and that a default installation has.
const byDefault = "--disable-cluster-state-observability=false"

// family is a metric of the generated reference.
type family struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Labels []string `json:"labels"`
	Needs  string   `json:"needs"`
}

// set is a set of names of labels.
type set map[string]bool

func (l set) with(names ...string) set {
	out := maps.Clone(l)
	for _, name := range names {
		out[name] = true
	}
	return out
}

func (l set) without(names ...string) set {
	out := maps.Clone(l)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

func (l set) names() iter.Seq[string] { return maps.Keys(l) }

func setOf(names []string) set { return set{}.with(names...) }

func (l set) String() string { return strings.Join(slices.Sorted(maps.Keys(l)), ", ") }

// ofTarget are the labels that Prometheus puts on what it scrapes.
func ofTarget() []string { return []string{"job", "instance", "namespace", "pod"} }

// series are the labels of all series that there are, by their names.
type series map[string]set

// known reads the reference: the series of every binary, and of the Go runtime those
// that are used.
func known(t *testing.T) series {
	t.Helper()
	text, err := os.ReadFile("../../core/docs/reference/signals.json")
	if err != nil {
		t.Fatal(err)
	}
	var binaries map[string]struct{ Metrics []family }
	if err := json.Unmarshal(text, &binaries); err != nil {
		t.Fatal(err)
	}
	all := series{}
	for _, b := range binaries {
		for _, f := range b.Metrics {
			if f.Needs != "" && f.Needs != byDefault {
				continue // a default installation does not show it
			}
			all.add(f)
		}
	}
	return all
}

// add joins the labels of binaries that show the same.
func (s series) add(f family) {
	of := setOf(f.Labels).with(ofTarget()...)
	put := func(name string, of set) { s[name] = of.with(slices.Collect(s[name].names())...) }
	switch f.Type {
	case "histogram":
		put(f.Name+"_bucket", of.with("le"))
	case "summary":
		put(f.Name, of.with("quantile"))
	default:
		put(f.Name, of)
		return
	}
	put(f.Name+"_sum", of)
	put(f.Name+"_count", of)
}

// parse reads an expression.
func parse(t *testing.T, text string) parser.Expr {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return nil
	}
	return expr
}
