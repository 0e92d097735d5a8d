// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/metrics/families"
)

const metricsText = `What Karpenter serves at ` + "`/metrics`" + `. Names and labels of a *stable* metric stay within a
major version; *beta* and *alpha* ones may change in a minor version; a *deprecated* one is
there for those who still read it. A metric with ● has a series from the start of a leader,
whatever the cluster holds; the others come with what they count. One with ○ goes with
` + "`--disable-cluster-state-observability`" + `; the flag below a metric, if there is one, must be
set for it to be shown. Durations are in seconds, amounts in the base
unit of their resource. [signals.json](signals.json) has the same for programs, with the exact
labels of each binary.`

// metricsPage lists the metrics of the core, then what each provider adds.
func metricsPage(all []binary) string {
	p := newPage("Metrics", metricsText)
	sets := newBucketSets(all)
	p.groups(families.Core(), sets)
	nodes := families.NodeGauges(vocabulary.Core())
	p.section(nodes.Title, nodeText(all))
	p.families(nodes.Families, sets)
	p.conditions(all, sets)
	p.groups(own(all), sets)
	p.groups(families.Libraries(), sets)
	p.section("Go runtime", "All metrics `go_*` of the Go runtime are served, as its version has them.")
	p.section("Bucket sets", "")
	p.table([]string{"Set", "Upper bounds"}, sets.rows())
	return p.String()
}

// own lists the groups of all providers, those that they share once.
func own(all []binary) []families.Group {
	var out []families.Group
	for _, b := range all {
		for _, group := range b.Own {
			if !slices.ContainsFunc(out, func(g families.Group) bool { return g.Title == group.Title }) {
				out = append(out, group)
			}
		}
	}
	return out
}

func (p *page) groups(groups []families.Group, sets bucketSets) {
	for _, group := range groups {
		p.section(group.Title, "")
		p.families(group.Families, sets)
	}
}

func (p *page) families(all []families.Family, sets bucketSets) {
	var rows [][]string
	for _, f := range all {
		name := code(f.Name)
		if f.Always {
			name += " ●"
		}
		switch f.Needs {
		case "":
		case families.NeedsState:
			name += " ○"
		default:
			name += "<br>" + code(f.Needs)
		}
		rows = append(rows, []string{name, string(f.Type) + sets.of(f), code(f.Labels...), string(f.Stage), f.Help})
	}
	p.table([]string{"Metric", "Type", "Labels", "Stage", "Meaning"}, rows)
}

// nodeText tells which labels the gauges of nodes have beside the core's.
func nodeText(all []binary) string {
	core := families.NodeLabels(vocabulary.Core())
	text := "Each has one label for each well-known label of nodes. Beside those of the core, which the table shows, these are:\n"
	for _, b := range all {
		var more []string
		for _, l := range families.NodeLabels(b.Vocabulary) {
			if !slices.Contains(core, l) {
				more = append(more, l.Name)
			}
		}
		text += fmt.Sprintf("\n- %s: %s", b.title, code(more...))
	}
	return text
}

// conditions shows the metrics of conditions once, and the kinds that have them.
func (p *page) conditions(all []binary, sets bucketSets) {
	p.section("Conditions of objects", "Each kind below has these, with its name for `<kind>` and its further labels.")
	p.families(families.Kind{Name: "<kind>"}.Conditions().List(), sets)
	var rows [][]string
	seen := map[string]bool{}
	for _, b := range all {
		for _, kind := range b.Kinds() {
			labels := kind.Conditions().Termination.Labels
			row := []string{code(kind.Name), b.title, code(labels...)}
			if len(labels) == 0 && !kind.NodeClass {
				row[1] = "all"
			}
			if kind.Gate != "" {
				row[1] += ", with the gate " + code(kind.Gate)
			}
			if key := strings.Join(row, "|"); !seen[key] {
				seen[key] = true
				rows = append(rows, row)
			}
		}
	}
	p.table([]string{"Kind", "Provider", "Further labels"}, rows)
	p.add("\nDurations of the conditions of a NodeClass are counted in the buckets of calls.\nThe older names, which say the same for NodeClaims, NodePools, NodeClasses and CapacityBuffers:\n")
	p.families(families.Twins().List(), sets)
}

// bucketSets are the buckets that several histograms share, by their text.
type bucketSets struct {
	names map[string]string
	order []string
}

// newBucketSets names the sets that three histograms or more use.
func newBucketSets(all []binary) bucketSets {
	sets, uses, seen := bucketSets{names: map[string]string{}}, map[string]int{}, map[string]bool{}
	for _, b := range all {
		for _, f := range families.Flatten(b.Groups()) {
			text := bounds(f.Buckets)
			if text == "" || seen[f.Name] {
				continue
			}
			seen[f.Name] = true
			if uses[text]++; uses[text] == 3 {
				sets.order = append(sets.order, text)
				sets.names[text] = fmt.Sprintf("B%d", len(sets.order))
			}
		}
	}
	return sets
}

// of tells the buckets or quantiles of a family.
func (s bucketSets) of(f families.Family) string {
	switch {
	case len(f.Quantiles) > 0:
		return ", quantiles " + bounds(f.Quantiles)
	case len(f.Buckets) == 0:
		return ""
	}
	text := bounds(f.Buckets)
	if name := s.names[text]; name != "" {
		return ", buckets " + name
	}
	return ", buckets " + text
}

func (s bucketSets) rows() [][]string {
	var rows [][]string
	for _, text := range s.order {
		rows = append(rows, []string{s.names[text], text})
	}
	return rows
}

func bounds(numbers []float64) string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = number(n)
	}
	return strings.Join(out, ", ")
}

// number writes a bound the way people do, but for very small ones.
func number(n float64) string {
	if n > -0.0001 && n < 0.0001 {
		return strconv.FormatFloat(n, 'g', 4, 64)
	}
	return strconv.FormatFloat(math.Round(n*1e4)/1e4, 'f', -1, 64)
}
